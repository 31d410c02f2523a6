"""Rights to call for the console: who gets one, and who pays."""

import time
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.directory.tokens import CallToken, read_token
from marketplace.organizations.models import Organization
from marketplace.web.store.console_tokens import LIFETIME_SECONDS
from tests.factories.people import make_organization, scope_of
from tests.integration.web.document import Document

ADDRESS = "/algorithms/alice/deblur/console-token"


def token_in(response: Any) -> CallToken:
    """The token, as the gateway would read it."""
    assert response.status_code == 200
    token = read_token(response.json()["token"], secret=settings.SECRET_KEY, now=time.time())
    assert token is not None
    assert token.expires == response.json()["expires"]
    return token


def test_nobody_gets_one_without_signing_in(anonymous: Client, deblur: Version) -> None:
    response = anonymous.post(ADDRESS)
    assert response.status_code == 401
    assert response.json() == {"error": {"message": "Sign in to run algorithms."}}


def test_it_is_in_the_persons_name_and_soon_over(as_charlie: Client, charlie: User, deblur: Version) -> None:
    response = as_charlie.post(ADDRESS)
    token = token_in(response)
    assert token.organization_id == str(scope_of(charlie).organization.pk)
    assert (token.user_id, token.key_id, token.root_id, token.depth) == (charlie.pk, None, None, 0)
    assert 0 < token.expires - time.time() <= LIFETIME_SECONDS
    assert response.headers["Cache-Control"] == "no-store"


def test_the_person_chooses_who_pays(as_bob: Client, bob: User, team: Organization, deblur: Version) -> None:
    assert token_in(as_bob.post(ADDRESS, {"payer": "team"})).organization_id == str(team.pk)
    assert token_in(as_bob.post(ADDRESS, {"payer": ""})).organization_id == str(scope_of(bob).organization.pk)


@pytest.mark.parametrize("payer", ["team", "alice", "nobody", "\x00", "' OR 1=1"])
def test_nobody_makes_others_pay(as_charlie: Client, team: Organization, deblur: Version, payer: str) -> None:
    assert as_charlie.post(ADDRESS, {"payer": payer}).status_code == 404


def test_a_private_algorithm_is_paid_by_its_owner(as_bob: Client, bob: User, secret: Algorithm) -> None:
    make_organization("other", owner=bob)
    address = "/algorithms/team/secret/console-token"
    assert token_in(as_bob.post(address)).organization_id == str(secret.organization_id)
    assert as_bob.post(address, {"payer": "bob"}).status_code == 404
    page = Document(as_bob.get("/algorithms/team/secret"))
    assert page.find("select", name="payer") == []


def test_the_page_offers_those_who_may_pay(as_bob: Client, team: Organization, deblur: Version) -> None:
    page = Document(as_bob.get("/algorithms/alice/deblur"))
    assert page.find("select", name="payer")
    assert [option.attributes["value"] for option in page.find("option") if "paid by" in option.text] == ["bob", "team"]


def test_only_the_pages_own_forms_get_one(alice: User, deblur: Version) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(ADDRESS).status_code == 403
    page = Document(client.get("/algorithms/alice/deblur"))
    [body] = page.find("body")
    given = client.post(ADDRESS, headers={"X-CSRFToken": body.attributes["data-csrf"]})
    assert token_in(given).user_id == alice.pk


def test_looking_gives_nothing(as_alice: Client, deblur: Version) -> None:
    assert as_alice.get(ADDRESS).status_code == 405
