"""API keys: shown once, known again by their beginning, revoked."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from marketplace.organizations.models import ApiKey, Organization
from marketplace.organizations.selectors import find_api_key
from marketplace.web.console.keys import KEYS_PER_PAGE
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key
from tests.integration.web.console.conftest import TEAM
from tests.integration.web.document import Document, Element

KEYS = f"{TEAM}/keys"


def make_key(client: Client, name: str = "laptop") -> Document:
    return Document(client.post(KEYS, {"name": name}))


def shown_text(page: Document) -> str:
    return next(element.text for element in page.find("code", id="new-key"))


def row_of(page: Document, key: ApiKey) -> Element:
    (row,) = page.find("tr", id=f"key-{key.id}")
    return row


def test_the_text_of_a_key_is_shown_once(as_alice: Client, team: Organization) -> None:
    page = make_key(as_alice)
    text = shown_text(page)
    key = find_api_key(text=text)
    assert key is not None
    assert (key.organization, key.name) == (team, "laptop")
    assert f"agora login --address http://127.0.0.1:8000 --key {text}" in [code.text for code in page.find("code")]
    again = as_alice.get(KEYS).content.decode()
    assert text not in again
    assert f"{text[:8]}…" in again


def test_a_new_key_comes_with_a_call_that_can_be_pasted(as_alice: Client, alice: User, team: Organization) -> None:
    make_public_version(alice, sample_input='"world"')
    page = make_key(as_alice)
    (curl,) = [code.text for code in page.find("code", id="key-call")]
    assert f"Authorization: Simple {shown_text(page)}" in curl
    assert "/v1/algo/alice/hello" in curl


def test_no_call_is_offered_with_a_long_sample(as_alice: Client, alice: User, team: Organization) -> None:
    make_public_version(alice, sample_input='"' + 1000 * "x" + '"')
    assert make_key(as_alice).find("code", id="key-call") == []


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "nul\x00l"])
def test_a_key_needs_a_name_that_can_be_kept(as_alice: Client, team: Organization, name: str) -> None:
    page = make_key(as_alice, name)
    (error,) = page.find("p", class_="field-error")
    assert error.attributes["id"] == "id_name_error"
    assert page.find("input", name="name")[0].attributes["aria-describedby"].endswith("id_name_error")
    assert not team.api_keys.exists()


def test_members_see_buttons_for_their_own_keys_only(
    as_bob: Client, alice: User, bob: User, team: Organization
) -> None:
    of_alice, of_bob = (make_api_key(team, by=user).row for user in (alice, bob))
    links = Document(as_bob.get(KEYS)).links()
    assert f"{KEYS}/{of_bob.id}/revoke" in links
    assert f"{KEYS}/{of_alice.id}/revoke" not in links


def test_revoking_asks_first(as_alice: Client, alice: User, team: Organization) -> None:
    new = make_api_key(team, by=alice, name="old laptop")
    asked = Document(as_alice.get(f"{KEYS}/{new.row.id}/revoke"))
    assert [heading.text for heading in asked.find("h1")] == ["Revoke old laptop?"]
    assert find_api_key(text=new.text) is not None
    response = as_alice.post(f"{KEYS}/{new.row.id}/revoke", follow=True)
    assert response.redirect_chain == [(KEYS, 302)]
    assert find_api_key(text=new.text) is None
    page = Document(response)
    assert "revoked" in row_of(page, new.row).text
    assert f"{KEYS}/{new.row.id}/revoke" not in page.links()


def test_htmx_gets_the_row_alone(as_alice: Client, alice: User, team: Organization) -> None:
    new = make_api_key(team, by=alice)
    address, htmx = f"{KEYS}/{new.row.id}/revoke", {"HX-Request": "true"}
    asked = Document(as_alice.get(address, headers=htmx))
    assert (asked.elements[0].tag, asked.find("form", method="post")[0].attributes["action"]) == ("tr", address)
    kept = Document(as_alice.get(f"{address}?keep=1", headers=htmx))
    assert (kept.find("form"), find_api_key(text=new.text) is None) == ([], False)
    revoked = Document(as_alice.post(address, headers=htmx))
    assert (revoked.find("form"), "revoked" in revoked.elements[0].text) == ([], True)
    assert find_api_key(text=new.text) is None


def test_the_latest_call_says_when_a_key_was_used(as_alice: Client, alice: User, team: Organization) -> None:
    used, unused, old = (make_api_key(team, by=alice).row for _ in range(3))
    ApiKey.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=60))
    version = make_public_version(alice)
    for hours in (5, 3):
        record_calls(version, payer_id=team.id, key_id=used.id, at=timezone.now() - timedelta(hours=hours, minutes=1))
    page = Document(as_alice.get(KEYS))
    assert "3\xa0hours ago" in row_of(page, used).text
    assert "never" in row_of(page, unused).text
    assert "not in 30 days" in row_of(page, old).text


def test_many_keys_are_paged(as_alice: Client, alice: User, team: Organization) -> None:
    now = timezone.now()
    ApiKey.objects.bulk_create(
        ApiKey(organization=team, created_by=alice, name=name, prefix="simx", key_hash=name, created_at=now)
        for name in map(str, range(KEYS_PER_PAGE + 1))
    )
    assert len(Document(as_alice.get(KEYS)).find("tr")) == 1 + KEYS_PER_PAGE
    assert len(Document(as_alice.get(f"{KEYS}?page=2")).find("tr")) == 1 + 1


def make_public_version(by: User, *, sample_input: str = "") -> Version:
    return make_version(make_algorithm("hello", by=by), by=by, sample_input=sample_input)


def test_a_key_is_made_with_bounds(as_alice: Client, team: Organization) -> None:
    form = {
        "name": "narrow", "bounded": "True", "allow_algo": "on", "algo_acl": "team/*, alice/echo", "allow_data": "on",
        "data_acl": "team/photos", "addresses": "203.0.113.7 10.0.0.0/8", "expires": "30",
    }  # fmt: skip
    page = as_alice.post(f"{TEAM}/keys", form).content.decode()
    key = team.api_keys.get()
    assert key.algo_acl == ["algo://team/*", "algo://alice/echo/*"]
    assert (key.data_acl, key.addresses) == (["data://team/photos/*"], ["203.0.113.7/32", "10.0.0.0/8"])
    assert (key.allow_data_write, key.allow_algo_management) == (False, False)
    assert key.expires_at is not None
    for bound in ("data read only", "no management", "algo://team/*", "from 10.0.0.0/8"):
        assert bound in page
    refused = as_alice.post(f"{TEAM}/keys", form | {"addresses": "somewhere"}).content.decode()
    assert "A network is like" in refused
    assert team.api_keys.count() == 1
