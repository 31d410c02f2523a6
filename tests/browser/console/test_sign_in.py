"""Coming in by more than a password, in a real browser: an app's code, and an organization's own providers."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Route, expect

from marketplace.accounts.models import User
from marketplace.organizations.models import Membership, Organization, Role
from marketplace.sign_on.documents import read_metadata
from marketplace.sign_on.domains import add_domain
from marketplace.sign_on.models import MailDomain
from marketplace.sign_on.services import set_saml
from tests.factories.codes import make_code
from tests.factories.people import PASSWORD, make_organization, make_user, scope_of
from tests.integration.web.sign_on import conftest as others
from tests.integration.web.sign_on import test_saml as saml

EVE = f"eve@{others.DOMAIN}"
openid_provider = others.openid_provider


@pytest.fixture
def lab(live_server: Any, settings: Any) -> Iterator[Organization]:
    """Grace's, which has proven its domain of mail; the providers are on this machine."""
    cache.clear()
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    settings.AGORA_ADDRESS = str(live_server)
    made = make_organization("lab", owner=make_user("grace"))
    add_domain(scope=scope_of(owner_of(made), "lab"), name=others.DOMAIN, now=timezone.now())
    MailDomain.objects.update(proven_at=timezone.now())
    yield made
    cache.clear()


def owner_of(organization: Organization) -> User:
    return organization.memberships.get(role=Role.OWNER).user


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/accounts/login/")
    page.get_by_label("User name or e-mail address").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_an_organization_leads_to_the_second_factor_and_back(page: Page, live_server: Any, lab: Organization) -> None:
    Organization.objects.filter(pk=lab.pk).update(requires_two_factor=True)
    sign_in(page, str(live_server), "grace")
    page.goto(f"{live_server}/console/lab/keys")
    page.get_by_role("link", name="Set it up").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Code").fill(make_code(page.locator("#totp-secret").inner_text()))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("#recovery-codes")).to_contain_text("\n")
    page.get_by_role("link", name="I have kept them: go on").click()
    expect(page).to_have_url(f"{live_server}/console/lab/keys")


def test_openid_connect_from_the_form_to_the_organization(
    page: Page, live_server: Any, lab: Organization, openid_provider: str
) -> None:
    """The admin writes the provider down; somebody whom it knows comes in for the first time."""
    # The provider's page takes its style from a site that this machine may not reach.
    page.route(re.compile("^https://"), lambda route: route.fulfill(body="", content_type="text/css"))
    sign_in(page, str(live_server), "grace")
    page.goto(f"{live_server}/console/lab/sign-in")
    page.get_by_label("Issuer").fill(openid_provider)
    page.get_by_label("Client ID").fill("agora")
    page.get_by_label("Client secret").fill("a secret")
    page.get_by_role("button", name="Use OpenID Connect").click()
    expect(page.get_by_text("Single sign-on is set.")).to_be_visible()
    page.context.clear_cookies()
    httpx.put(f"{openid_provider}/users/eve", json={"email": EVE, "email_verified": True}).raise_for_status()
    page.goto(f"{live_server}/accounts/login/")
    page.get_by_role("link", name="Use single sign-on").click()
    page.get_by_label("Organization, or your e-mail address there").fill(EVE)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"{openid_provider}/**")
    page.locator("input[name=sub]").fill("eve")
    page.get_by_role("button", name="Authorize").click()
    expect(page).to_have_url(f"{live_server}/console/lab")
    assert Membership.objects.get(user__email=EVE, organization=lab).role == "caller"


@pytest.mark.skipif(saml.pytestmark.args[0], reason="There is no xmlsec1: apt-get install it.")
def test_saml_posts_from_another_site(
    context: BrowserContext, live_server: Any, lab: Organization, tmp_path: Path
) -> None:
    """A browser keeps the session's cookie to itself then, and the sign-in still ends where it began."""
    provider = saml.make_provider(tmp_path / "theirs")
    said = read_metadata(address="", text=str(saml.entity_descriptor(provider.config)))
    owner = scope_of(owner_of(lab), "lab")
    set_saml(scope=owner, provider=said, newcomer_role=Role.AUDITOR, now=timezone.now())

    def answer(route: Route) -> None:
        form = saml.answer(provider, route.request.url, {"mail": EVE})
        fields = "".join(f'<input name="{name}" value="{value}">' for name, value in form.items())
        action = f"{live_server}/accounts/saml/lab/acs/"
        html = f'<form method="post" action="{action}">{fields}<button>Go on</button></form>'
        route.fulfill(body=html, content_type="text/html")

    page = context.new_page()  # which may complain that the other site has no picture for its tab
    page.route("https://login.corp.example/**", answer)
    page.goto(f"{live_server}/accounts/sign-on/?organization=lab")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url("https://login.corp.example/**")
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{live_server}/console/lab")
    assert Membership.objects.get(user__email=EVE, organization=lab).role == "auditor"
