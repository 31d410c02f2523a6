"""/v1/organizations/:organization: profile and members"""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from marketplace.accounts.models import User
from marketplace.organizations.models import Membership, Organization
from tests.factories.people import make_api_key, make_user
from tests.integration.api.conftest import Caller, message_of

MEMBERS = "/v1/organizations/team/members"
INVITATIONS = "/v1/organizations/team/invitations"


@pytest.fixture
def as_owner(team: Organization, alice: User) -> Caller:
    return Caller(make_api_key(team, by=alice).text)


@pytest.fixture
def as_administrator(db: None) -> Caller:
    person = make_user("root_person")
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    return Caller(make_api_key(by=person).text)


def test_a_person_makes_an_organization_and_owns_it(as_alice: Caller) -> None:
    types = as_alice.get("/v1/organization/types").json()
    assert [row["name"] for row in types] == ["basic", "legacy", "pro"]
    body = {"org_name": "lab", "org_label": "The Lab", "org_email": "lab@example.com", "org_contact_name": "Alice",
            "org_url": "https://lab.example.com", "type_id": types[2]["id"]}  # fmt: skip
    response = as_alice.post("/v1/organizations", body)
    assert response.status_code == 201
    made = response.json()
    assert {name: made[name] for name in body} == body
    assert (made["owner_ids"], made["resource_type"]) == (["alice"], "organization")
    assert as_alice.get("/v1/organizations/lab").json() == made


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 400, "org_name: This field is required."),
        ({"org_name": "1x"}, 400, "Use up to 64 letters"),
        ({"org_name": "admin"}, 400, "reserved"),
        ({"org_name": "lab", "org_email": "x"}, 400, "org_email: "),
        ({"org_name": "lab", "org_url": "x"}, 400, "org_url: "),
        ({"org_name": "lab", "type_id": ""}, 400, "type_id: "),
        ({"org_name": "lab", "type_id": "x"}, 400, "type_id: There is no such type"),
        ({"org_name": "Alice"}, 409, "taken"),
    ],
)
def test_it_says_what_is_wrong_with_a_new_one(as_alice: Caller, body: dict, status: int, message: str) -> None:
    response = as_alice.post("/v1/organizations", body)
    assert response.status_code == status
    assert message in message_of(response)


def test_the_key_of_a_shared_organization_makes_none(as_team: Caller) -> None:
    response = as_team.post("/v1/organizations", {"org_name": "lab"})
    assert (response.status_code, message_of(response)) == (
        403, "This key acts for team: use one of your personal organization.",
    )  # fmt: skip


def test_an_owner_edits_the_profile(as_alice: Caller, as_team: Caller, as_charlie: Caller) -> None:
    response = as_alice.put("/v1/organizations/team", {"org_label": "The Team", "org_url": "https://team.example.com"})
    assert (response.status_code, response.content) == (204, b"")
    profile = as_alice.get("/v1/organizations/team").json()
    assert (profile["org_label"], profile["org_url"]) == ("The Team", "https://team.example.com")
    refused = as_team.put("/v1/organizations/team", {"org_label": "Ours"})
    assert (refused.status_code, "You may not change the profile in team" in message_of(refused)) == (403, True)
    assert as_charlie.put("/v1/organizations/team", {"org_label": "Mine"}).status_code == 404


def test_members_are_added_changed_and_removed(as_owner: Caller, charlie: User) -> None:
    assert as_owner.put(f"{MEMBERS}/charlie", {}).status_code == 201
    assert as_owner.put(f"{MEMBERS}/charlie", {}).status_code == 200
    assert as_owner.put(f"{MEMBERS}/Charlie", {"role": "owner"}).json()["role"] == "owner"
    listed = as_owner.get(MEMBERS).json()["results"]
    assert [(row["username"], row["role"]) for row in listed] == [
        ("alice", "owner"), ("charlie", "owner"), ("bob", "developer"),
    ]  # fmt: skip
    assert as_owner.put(f"{MEMBERS}/charlie", {}).json()["role"] == "owner", "who says nothing changes nothing"
    assert as_owner.delete(f"{MEMBERS}/charlie").status_code == 204
    assert not Membership.objects.filter(user=charlie, organization__slug="team").exists()


def test_an_invitation_without_a_body_is_one(as_owner: Caller, charlie: User) -> None:
    """As the published Python client sends it."""
    assert as_owner._client.put(f"{MEMBERS}/charlie").status_code == 201


def test_wrong_changes_of_members_are_refused(as_owner: Caller, as_team: Caller, charlie: User) -> None:
    assert as_owner.put(f"{MEMBERS}/nobody_at_all", {}).status_code == 404
    assert as_owner.put(f"{MEMBERS}/charlie", {"role": "king"}).status_code == 400
    assert as_owner.delete(f"{MEMBERS}/charlie").status_code == 404
    assert as_owner.delete(f"{MEMBERS}/alice").status_code == 409
    assert as_team.put(f"{MEMBERS}/charlie", {}).status_code == 403
    assert as_team.delete(f"{MEMBERS}/alice").status_code == 403
    assert as_owner.put("/v1/organizations/alice/members/charlie", {}).status_code == 404


def test_nobody_is_added_to_a_personal_organization(as_alice: Caller, charlie: User) -> None:
    assert as_alice.put("/v1/organizations/alice/members/charlie", {}).status_code == 409


def test_invitations_are_sent_listed_and_taken_back(
    as_owner: Caller, as_team: Caller, mailoutbox: list, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        sent = as_owner.post(INVITATIONS, {"email": "Eve@Example.com", "role": "auditor"})
    made = sent.json()
    assert (sent.status_code, made["email"], made["role"]) == (201, "eve@example.com", "auditor")
    assert [mail.to for mail in mailoutbox] == [["eve@example.com"]]
    renewed = as_owner.post(INVITATIONS, {"email": "eve@example.com"}).json()
    assert (renewed["id"], renewed["role"]) == (made["id"], "developer"), "the open one is renewed"
    assert as_owner.get(INVITATIONS).json()["results"] == [renewed]
    assert as_owner.get(f"{INVITATIONS}/{made['id']}").json() == renewed
    assert as_team.get(INVITATIONS).status_code == 403, "they hold the addresses of strangers"
    assert as_owner.delete(f"{INVITATIONS}/{made['id']}").status_code == 204
    assert as_owner.get(INVITATIONS).json()["results"] == []
    assert as_owner.delete(f"{INVITATIONS}/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"), [({}, "email"), ({"email": "eve"}, "email"), ({"email": "e@x.org", "role": "king"}, "role")]
)
def test_odd_invitations_are_refused(as_owner: Caller, body: dict, field: str) -> None:
    refused = as_owner.post(INVITATIONS, body)
    assert (refused.status_code, message_of(refused).partition(":")[0]) == (400, field)


def test_administrators_see_to_every_organization(as_administrator: Caller, team: Organization, charlie: User) -> None:
    assert as_administrator.get("/v1/organizations/team").json()["org_name"] == "team"
    assert as_administrator.put("/v1/organizations/team", {"org_label": "X"}).status_code == 204
    assert as_administrator.put(f"{MEMBERS}/charlie", {}).status_code == 201
    assert as_administrator.delete(f"{MEMBERS}/charlie").status_code == 204


@pytest.mark.parametrize(
    "path", ["balance", "budgets", "payments", "invoices", "keys", f"keys/{uuid.UUID(int=7)}/limits"]
)
def test_money_and_keys_are_for_keys_of_the_organization(
    as_administrator: Caller, as_alice: Caller, team: Organization, path: str
) -> None:
    for caller in (as_administrator, as_alice):
        response = caller.get(f"/v1/organizations/team/{path}")
        assert (response.status_code, "that this key acts for" in message_of(response)) == (404, True)


def test_budgets_are_set_by_keys_of_the_organization(
    as_administrator: Caller, as_alice: Caller, as_owner: Caller
) -> None:
    body = {"period": "month", "amount_microcredits": 9}
    for caller, status in ((as_administrator, 404), (as_alice, 404), (as_owner, 200)):
        assert caller.post("/v1/organizations/team/budgets", body).status_code == status


def test_an_administrator_makes_accounts(as_administrator: Caller, as_alice: Caller) -> None:
    body = {"username": "dora", "email": "dora@example.com", "fullname": "Dora Lee Smith"}
    response = as_administrator.post("/v1/users", body)
    assert response.status_code == 201
    made = response.json()
    assert {name: made[name] for name in body} == body
    dora = User.objects.get(username="dora")
    assert not dora.has_usable_password()
    as_dora = Caller(make_api_key(by=dora).text)
    assert as_dora.get("/v1/users/Dora").json() == made
    assert as_administrator.get("/v1/users/dora").json() == made
    assert as_alice.get("/v1/users/dora").status_code == 404
    assert "dora" in {row["username"] for row in as_administrator.get("/v1/users").json()["results"]}
    assert as_alice.get("/v1/users").status_code == 403
    assert as_alice.post("/v1/users", body).status_code == 403


@pytest.mark.parametrize(
    ("change", "status"),
    [({"username": "x"}, 400), ({"username": "api"}, 400), ({"email": "x"}, 400), ({"username": "ALICE"}, 409),
     ({"email": "alice@example.com"}, 409), ({"fullname": "a\0b"}, 400)],
)  # fmt: skip
def test_odd_accounts_are_refused(as_administrator: Caller, alice: User, change: dict, status: int) -> None:
    body = {"username": "dora", "email": "dora@example.com"}
    assert as_administrator.post("/v1/users", body | change).status_code == status


def test_a_person_lists_their_keys(as_alice: Caller, as_charlie: Caller) -> None:
    assert [row["name"] for row in as_alice.get("/v1/users/alice/keys").json()["results"]] == ["test"]
    assert as_charlie.get("/v1/users/alice/keys").status_code == 404


@pytest.mark.parametrize("url", ["https://[::1", "https://user:word@example.com/", "http://10.1.2.3/hook", "https://"])
def test_a_budget_warns_only_where_webhooks_may_go(as_alice: Caller, url: str) -> None:
    body = {"period": "month", "amount_microcredits": 9, "webhook_url": url}
    refused = as_alice.post("/v1/organizations/alice/budgets", body)
    assert (refused.status_code, refused.json()["error"]["message"].split(": ")[0]) == (400, "webhook_url")
    body["webhook_url"] = "https://example.com/hook"
    assert as_alice.post("/v1/organizations/alice/budgets", body).json()["webhook_url"] == body["webhook_url"]
