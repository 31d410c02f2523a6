"""Real other sides: an OpenID Connect provider and a SAML provider of other makers, and a name server."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import dnslib
import dnslib.server
import httpx
import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.organizations.models import Organization, Role
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.domains import add_domain
from marketplace.sign_on.models import MailDomain
from marketplace.sign_on.services import set_openid
from tests.factories.people import scope_of
from tests.integration.web.document import Document
from tests.platform import free_port

SIGN_ON = "/accounts/sign-on/"
SIGN_IN = "/console/team/sign-in"
DOMAIN = "corp.example"


@pytest.fixture(autouse=True)
def fresh_counters() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def private_networks(settings: Any) -> None:
    """The providers are on this very machine."""
    settings.WEBHOOK_PRIVATE_NETWORKS = True


@pytest.fixture
def visitor(db: None) -> Client:
    """Somebody who is not signed in."""
    return make_visitor()


def make_visitor() -> Client:
    """Like a browser, which always says whom it asks."""
    return Client(headers={"Host": "testserver"})


@pytest.fixture
def owner(alice: User, team: Organization) -> AccessibleOrganization:
    return scope_of(alice, "team")


@pytest.fixture
def proven(owner: AccessibleOrganization) -> MailDomain:
    """The team has proven DOMAIN."""
    made = add_domain(scope=owner, name=DOMAIN, now=timezone.now())
    MailDomain.objects.filter(pk=made.pk).update(proven_at=timezone.now())
    return made


@pytest.fixture(scope="module")
def openid_provider() -> Iterator[str]:
    """The address of one that signs in whoever it is told to."""
    port = free_port()
    address = f"http://localhost:{port}"
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(address)
        yield address
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def openid(owner: AccessibleOrganization, openid_provider: str, proven: MailDomain) -> str:
    """The team signs on by it."""
    set_openid(
        scope=owner,
        issuer=openid_provider,
        client_id="agora",
        secret="a secret of theirs",
        newcomer_role=Role.DEVELOPER,
        now=timezone.now(),
    )
    return openid_provider


@pytest.fixture
def name_server(settings: Any) -> Iterator[dict[str, str]]:
    """Texts by name, which a name server tells."""
    texts: dict[str, str] = {}

    class Resolver:
        def resolve(self, request: Any, handler: Any) -> Any:
            reply, name = request.reply(), str(request.q.qname).rstrip(".")
            if name in texts:
                reply.add_answer(dnslib.RR(request.q.qname, dnslib.QTYPE.TXT, rdata=dnslib.TXT(texts[name])))
            else:
                reply.header.rcode = dnslib.RCODE.NXDOMAIN
            return reply

    server = dnslib.server.DNSServer(
        Resolver(), address="127.0.0.1", port=0, logger=dnslib.server.DNSLogger("-request,-reply,-truncated,-error")
    )
    server.start_thread()
    settings.DNS_SERVER = f"127.0.0.1:{server.server.server_address[1]}"
    yield texts
    server.stop()
    server.server.server_close()


def wait_for(address: str) -> None:
    """Until it answers."""
    end = time.monotonic() + 30
    while True:
        try:
            httpx.get(f"{address}/.well-known/openid-configuration").raise_for_status()
            return
        except httpx.TransportError:
            assert time.monotonic() < end, f"{address} does not answer"
            time.sleep(0.05)


def begin(client: Client, organization: str = "team", **extra: str) -> str:
    """The address at the provider that the way out leads to."""
    page = client.post(SIGN_ON, {"organization": organization} | extra)
    assert page.status_code == 200, page
    links = Document(page).find("a", class_="button")
    return links[-1].attributes["href"]


def answer_as(provider: str, address: str, subject: str, **claims: Any) -> str:
    """Signs in as `subject` at the OpenID Connect provider; the path and query that it sends the browser back to."""
    httpx.put(f"{provider}/users/{subject}", json=claims).raise_for_status()
    sent = httpx.post(address, data={"sub": subject})
    assert sent.status_code in {302, 303}, sent.text
    back = urlsplit(sent.headers["Location"])
    return f"{back.path}?{back.query}"


def reason_of(response: Any) -> str:
    """Of the page that says why somebody is not let in."""
    assert response.status_code == 403, response
    page = Document(response)
    assert page.find("h1")[0].text == "You were not let in"
    return re.sub(r"\s+", " ", page.find("main")[0].text)
