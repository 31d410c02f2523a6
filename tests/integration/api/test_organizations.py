"""/v1/organizations"""

import uuid

import pytest

from marketplace.accounts.models import User
from marketplace.organizations.models import ApiKey
from marketplace.organizations.selectors import find_api_key
from tests.integration.api.conftest import Caller, message_of


def test_a_key_knows_its_organization(as_team: Caller) -> None:
    assert [row["org_name"] for row in as_team.get("/v1/organizations").json()["results"]] == ["team"]
    assert as_team.get("/v1/organizations/TEAM").json()["org_label"] == "Team"


@pytest.mark.parametrize("path", ["", "/keys", "/balance", "/calls"])
def test_strangers_get_404(as_charlie: Caller, as_team: Caller, path: str) -> None:
    response = as_charlie.get(f"/v1/organizations/team{path}")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["", "/alice", "/alice/keys", "/alice/balance", "/alice/calls"])
def test_it_needs_a_key(as_nobody: Caller, alice: User, path: str) -> None:
    assert as_nobody.get(f"/v1/organizations{path}").status_code == 401


def test_a_new_key_is_shown_once(as_alice: Caller) -> None:
    response = as_alice.post("/v1/organizations/alice/keys", {"name": "laptop"})
    assert response.status_code == 201
    made = response.json()
    assert len(made["key"]) == 28
    assert find_api_key(text=made["key"])
    listed = as_alice.get("/v1/organizations/alice/keys").json()["results"]
    assert {row["name"] for row in listed} == {"laptop", "test"}
    assert not any("key" in row or "key_hash" in row for row in listed)


def test_a_revoked_key_does_not_work(as_alice: Caller) -> None:
    key = as_alice.post("/v1/organizations/alice/keys", {"name": "laptop"}).json()
    revoked = Caller(key["key"])
    assert revoked.get("/v1/organizations").status_code == 200
    assert as_alice.delete(f"/v1/organizations/alice/keys/{key['id']}").status_code == 204
    response = revoked.get("/v1/organizations")
    assert (response.status_code, message_of(response)) == (401, "This API key is unknown or revoked.")


def test_a_stranger_cannot_revoke(as_alice: Caller, as_charlie: Caller, alice: User) -> None:
    key = ApiKey.objects.get(created_by=alice)
    assert as_charlie.delete(f"/v1/organizations/alice/keys/{key.id}").status_code == 404
    assert as_charlie.delete(f"/v1/organizations/charlie/keys/{key.id}").status_code == 404
    assert as_alice.get("/v1/organizations").status_code == 200


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x" * 101}, {"name": 7.5e300}, [], "x"])
def test_a_key_needs_a_name(as_alice: Caller, body: object) -> None:
    response = as_alice.post("/v1/organizations/alice/keys", body)
    assert response.status_code in {201, 400}
    assert (response.status_code == 201) == (body == {"name": 7.5e300})


def test_it_tells_the_balance(as_alice: Caller) -> None:
    amounts = as_alice.get("/v1/organizations/alice/balance").json()
    assert amounts == {"balance_microcredits": 10_000_000_000, "earnings_microcredits": 0}


def test_it_lists_calls(as_alice: Caller) -> None:
    assert as_alice.get("/v1/organizations/alice/calls").json() == {"marker": None, "next_link": None, "results": []}
    assert as_alice.get("/v1/organizations/alice/calls", marker="eA").status_code == 400
    assert as_alice.get("/v1/organizations/alice/calls", limit="x").status_code == 400


@pytest.mark.parametrize("form", ["Simple {}", "{}", "Bearer {}", "simple   {} "])
def test_keys_are_understood_in_each_form(as_alice: Caller, form: str) -> None:
    caller = Caller(None)
    caller._client.defaults["HTTP_AUTHORIZATION"] = form.format(as_alice.key)
    assert caller.get("/v1/organizations").status_code == 200


@pytest.mark.parametrize("header", ["Simple", "Simple x", "x", "Bearer a.b.c", "Basic dXNlcg==", "Simple \udcff", "é"])
def test_odd_keys_are_refused(db: None, header: str) -> None:
    caller = Caller(None)
    caller._client.defaults["HTTP_AUTHORIZATION"] = header
    assert caller.get("/v1/organizations").status_code == 401


def test_an_unknown_key_id_is_not_there(as_alice: Caller) -> None:
    assert as_alice.delete(f"/v1/organizations/alice/keys/{uuid.uuid4()}").status_code == 404
