"""Signing in by SAML, with pysaml2 as the provider; and assertions that are forged, stale or not for us."""

import base64
import shutil
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.errors import InvalidInput
from marketplace.organizations.models import Membership, Organization, Role
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.documents import SamlProvider, read_metadata
from marketplace.sign_on.models import MailDomain
from marketplace.sign_on.services import set_saml
from tests.integration.web.accounts.test_sign_in import is_signed_in
from tests.integration.web.sign_on.conftest import DOMAIN, begin, make_visitor, reason_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what it imports, that it is old
    from saml2 import BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.metadata import entity_descriptor
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
    from saml2.server import Server

ENTITY = "https://login.corp.example/saml"
ANSWERS = "/accounts/saml/team/acs/"
PLATFORM = f"""<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
  entityID="http://testserver/accounts/saml/team/metadata/">
  <SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService index="1"
  Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="http://testserver{ANSWERS}"/></SPSSODescriptor>
</EntityDescriptor>"""
"""What its admin tells the provider of us."""
EVE = {"mail": f"eve.adams@{DOMAIN}", "givenName": "Eve"}
SIGNED = {
    "sign_assertion": True,
    "sign_response": False,
    "sign_alg": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "digest_alg": "http://www.w3.org/2001/04/xmlenc#sha256",
}

pytestmark = pytest.mark.skipif(
    shutil.which("xmlsec1") is None, reason="pysaml2 signs with xmlsec1: apt-get install it"
)


def make_provider(folder: Path) -> Server:
    """One with a key of its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "login.corp.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    folder.mkdir()
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    address = [("https://login.corp.example/sign-on", BINDING_HTTP_REDIRECT)]
    config = IdPConfig().load(
        {
            "entityid": ENTITY,
            "key_file": str(folder / "key.pem"),
            "cert_file": str(folder / "certificate.pem"),
            "xmlsec_binary": shutil.which("xmlsec1"),
            "metadata": {"inline": [PLATFORM]},
            "service": {"idp": {"endpoints": {"single_sign_on_service": address}}},
        }
    )
    return Server(config=config)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return make_provider(tmp_path_factory.mktemp("saml") / "theirs")


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """One that calls itself the same, with another key."""
    return make_provider(tmp_path_factory.mktemp("saml") / "forged")


@pytest.fixture
def saml(owner: AccessibleOrganization, provider: Server, proven: MailDomain, settings: Any) -> Server:
    """The team signs on by it, as its metadata say."""
    settings.AGORA_ADDRESS = "http://testserver"
    said = read_metadata(address="", text=str(entity_descriptor(provider.config)))
    assert said.address == "https://login.corp.example/sign-on"
    set_saml(scope=owner, provider=said, newcomer_role=Role.CALLER, now=timezone.now())
    return provider


def answer(server: Server, asked: str, attributes: dict[str, str] = EVE, **changes: Any) -> dict[str, str]:
    """The form with which the provider sends the browser back, for the request of that address."""
    query = parse_qs(urlsplit(asked).query)
    request = server.parse_authn_request(query["SAMLRequest"][0], BINDING_HTTP_REDIRECT).message
    given = {
        "in_response_to": request.id,
        "destination": request.assertion_consumer_service_url,
        "sp_entity_id": request.issuer.text,
        "name_id": NameID(format=NAMEID_FORMAT_PERSISTENT, text="eve-1"),
        "authn": {"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password", "authn_auth": ENTITY},
        **SIGNED,
    }
    response = server.create_authn_response(attributes, **(given | changes))
    return {"SAMLResponse": base64.b64encode(str(response).encode()).decode(), "RelayState": ""}


def send(client: Client, form: dict[str, str]) -> Any:
    """Posts it, as from another site: without the session's cookie."""
    posted = client.post(ANSWERS, form)
    assert posted["Location"] == f"{ANSWERS}finish/"
    return client.get(posted["Location"])


def test_a_newcomer_gets_an_account_and_the_role(visitor: Client, saml: Server, team: Organization) -> None:
    asked = begin(visitor)
    assert asked.startswith("https://login.corp.example/sign-on?SAMLRequest=")
    assert send(visitor, answer(saml, asked))["Location"] == "/console/team"
    eve = User.objects.get(email=EVE["mail"])
    assert eve.username == "eve_adams"
    assert Membership.objects.get(user=eve, organization=team).role == "caller"
    again = make_visitor()
    send(again, answer(saml, begin(again)))
    assert again.get("/console")["Location"] == "/console/eve_adams"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sign_assertion": False}, "The Assertion of the Response is not signed"),
        ({"sign_assertion": False, "sign_response": True}, "The Assertion of the Response is not signed"),
        ({"sign_alg": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"}, "Deprecated signature algorithm"),
        ({"sp_entity_id": "https://another.example/"}, "is not a valid audience"),
        ({"issuer": "https://evil.example/saml"}, "Invalid issuer"),
        ({"destination": "http://testserver/accounts/saml/other/acs/"}, "instead of"),
        ({"in_response_to": "id-that-nobody-asked"}, "PermissionDenied"),
        ({"session_not_on_or_after": "2001-01-01T00:00:00Z"}, "have expired"),
    ],
    ids=["unsigned", "only the envelope", "weak", "audience", "issuer", "destination", "unasked", "ended"],
)
def test_what_is_not_for_us_is_not_believed(
    visitor: Client, saml: Server, changes: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = reason_of(send(visitor, answer(saml, begin(visitor), **changes)))
    assert "cannot be believed" in said or "answers nothing that we asked" in said
    assert reason in caplog.text
    assert not is_signed_in(visitor)
    assert not User.objects.filter(email=EVE["mail"]).exists()


def test_another_key_is_not_believed(visitor: Client, saml: Server, forger: Server) -> None:
    assert "cannot be believed" in reason_of(send(visitor, answer(forger, begin(visitor))))


def test_a_changed_assertion_is_not_believed(visitor: Client, saml: Server) -> None:
    form = answer(saml, begin(visitor))
    changed = base64.b64decode(form["SAMLResponse"]).replace(b"eve.adams@", b"adam.adams@")
    form["SAMLResponse"] = base64.b64encode(changed).decode()
    assert "cannot be believed" in reason_of(send(visitor, form))


def test_an_answer_counts_once_and_in_its_own_browser(visitor: Client, saml: Server) -> None:
    form = answer(saml, begin(visitor))
    assert "used already" in reason_of(send(make_visitor(), form)), "another browser's"
    assert send(visitor, form).status_code == 302
    visitor.logout()
    assert "used already" in reason_of(send(visitor, form)), "replayed"
    assert not is_signed_in(visitor)


def test_mail_of_another_domain_does_not_let_in(visitor: Client, saml: Server) -> None:
    form = answer(saml, begin(visitor), {"mail": "eve@elsewhere.example"})
    assert "has not proven that elsewhere.example" in reason_of(send(visitor, form))
    assert not is_signed_in(visitor)


@pytest.mark.parametrize("nonsense", ["", "%%%", base64.b64encode(b"<a/>").decode(), base64.b64encode(b"x").decode()])
def test_nonsense_is_refused(visitor: Client, saml: Server, nonsense: str) -> None:
    begin(visitor)
    assert reason_of(send(visitor, {"SAMLResponse": nonsense}))


def test_the_platform_says_who_it_is(visitor: Client, saml: Server) -> None:
    said = visitor.get("/accounts/saml/team/metadata/").content.decode()
    assert 'entityID="http://testserver/accounts/saml/team/metadata/"' in said
    assert f'Location="http://testserver{ANSWERS}"' in said


@pytest.mark.parametrize("text", ["x", "<a/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_what_is_no_metadata_is_said_to_be_none(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_metadata(address="", text=text)


def test_another_provider_does_not_know_the_people_of_the_first(
    visitor: Client, saml: Server, owner: AccessibleOrganization, settings: Any
) -> None:
    """Its `eve-1` may be anybody."""
    send(visitor, answer(saml, begin(visitor)))
    assert User.objects.filter(socialaccount__uid="eve-1").count() == 1
    other = SamlProvider("https://other.example", "https://other.example/sign-on", "MIIB")
    set_saml(scope=owner, provider=other, newcomer_role=Role.CALLER, now=timezone.now())
    assert not User.objects.filter(socialaccount__uid="eve-1").exists()
