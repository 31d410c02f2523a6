"""Members: added, made owners, removed, gone; and organizations to be members of."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from marketplace.accounts.models import User
from marketplace.organizations.models import Membership, Organization, Role
from tests.factories.people import make_api_key
from tests.integration.web.console.conftest import TEAM
from tests.integration.web.document import Document

MEMBERS = f"{TEAM}/members"


def roles(organization: Organization) -> dict[str, str]:
    return dict(Membership.objects.filter(organization=organization).values_list("user__username", "role"))


def errors(page: Document) -> list[str]:
    return [error.text for error in page.find("p", class_="field-error")]


def messages(page: Document) -> list[str]:
    return [message.text.strip() for message in page.find("div", class_="message")]


@pytest.mark.parametrize("name", ["charlie", "CHARLIE", " charlie "])
def test_an_owner_adds_someone_by_name(as_alice: Client, charlie: User, team: Organization, name: str) -> None:
    page = Document(as_alice.post(MEMBERS, {"person": name, "role": "developer"}, follow=True))
    assert roles(team) == {"alice": "owner", "bob": "developer", "charlie": "developer"}
    assert messages(page) == ["charlie is a developer now."]


def test_an_address_finds_only_who_confirmed_it(as_alice: Client, charlie: User, team: Organization) -> None:
    form = {"person": "Charlie@example.com", "role": "owner"}
    as_alice.post(MEMBERS, form)
    assert "charlie" not in roles(team), "anyone can sign up with any address: it is mailed to"
    EmailAddress.objects.create(user=charlie, email="charlie@example.com", verified=True, primary=True)
    as_alice.post(MEMBERS, form)
    assert roles(team)["charlie"] == "owner"


@pytest.mark.parametrize(
    ("person", "role", "problem"),
    [
        ("", "developer", "Whom? Give a user name or an e-mail address."),
        ("nobody", "developer", "There is nobody with this user name."),
        ("bob", "owner", "bob is a member already."),
        ("charlie", "king", "Select a valid choice. king is not one of the available choices."),
    ],
)
def test_the_form_says_why_not(
    as_alice: Client, charlie: User, team: Organization, person: str, role: str, problem: str
) -> None:
    assert errors(Document(as_alice.post(MEMBERS, {"person": person, "role": role}))) == [problem]
    assert roles(team) == {"alice": "owner", "bob": "developer"}


def test_someone_who_is_closed_is_not_found(as_alice: Client, charlie: User, team: Organization) -> None:
    User.objects.filter(pk=charlie.pk).update(is_active=False)
    assert errors(Document(as_alice.post(MEMBERS, {"person": "charlie", "role": "developer"})))


def test_owners_make_owners(as_alice: Client, team: Organization) -> None:
    as_alice.post(f"{MEMBERS}/bob/role", {"role": "owner"})
    assert roles(team)["bob"] == "owner"
    as_alice.post(f"{MEMBERS}/Bob/role", {"role": "developer"})
    assert roles(team)["bob"] == "developer"
    as_alice.post(f"{MEMBERS}/bob/role", {"role": "emperor"})
    assert roles(team)["bob"] == "developer"


def test_the_last_owner_stays(as_alice: Client, team: Organization) -> None:
    for path, form in (("/alice/role", {"role": "developer"}), ("/alice/remove", {})):
        page = Document(as_alice.post(MEMBERS + path, form, follow=True))
        assert messages(page) == ["An organization needs an owner: make someone else one first."]
    assert roles(team)["alice"] == "owner"


def test_removing_asks_and_revokes_the_keys(as_alice: Client, bob: User, team: Organization) -> None:
    key = make_api_key(team, by=bob).row
    (heading,) = Document(as_alice.get(f"{MEMBERS}/bob/remove")).find("h1")
    assert heading.text == "Remove bob?"
    as_alice.post(f"{MEMBERS}/bob/remove")
    key.refresh_from_db()
    assert roles(team) == {"alice": "owner"}
    assert key.revoked_at is not None


def test_a_member_leaves(as_bob: Client, team: Organization) -> None:
    assert [h1.text for h1 in Document(as_bob.get(f"{MEMBERS}/bob/remove")).find("h1")] == ["Leave team?"]
    response = as_bob.post(f"{MEMBERS}/bob/remove")
    assert (response["Location"], roles(team)) == ("/console", {"alice": "owner"})
    assert as_bob.get(MEMBERS).status_code == 404


def test_members_see_neither_forms_nor_addresses(as_bob: Client, team: Organization) -> None:
    page = Document(as_bob.get(MEMBERS))
    assert page.find("input", name="person") == []
    assert f"{MEMBERS}/alice/remove" not in page.links()
    assert "alice@example.com" not in page.find("main")[0].text


def test_a_personal_organization_is_not_shared(as_alice: Client, charlie: User) -> None:
    page = Document(as_alice.get("/console/alice/members"))
    assert page.find("input", name="person") == []
    refused = Document(as_alice.post("/console/alice/members", {"person": "charlie", "role": Role.DEVELOPER}))
    assert refused.find("h1")[0].text == "Members"
    assert as_alice.get("/console/alice/members/charlie/remove").status_code == 404


def test_an_organization_is_made(as_charlie: Client, charlie: User) -> None:
    response = as_charlie.post("/console/new", {"name": "Blue Lab", "slug": "blue_lab"})
    assert response["Location"] == "/console/blue_lab/members"
    assert roles(Organization.objects.get(slug="blue_lab")) == {"charlie": "owner"}
    page = Document(as_charlie.get("/console/charlie"))
    assert "/console/blue_lab" in page.links()


@pytest.mark.parametrize(
    ("name", "slug", "field"),
    [
        ("Lab", "TEAM", "slug"),
        ("Lab", "console", "slug"),
        ("Lab", "9lives", "slug"),
        ("", "lab", "name"),
        ("Lab", "", "slug"),
    ],
)
def test_a_name_that_cannot_be_is_said_at_its_field(
    as_charlie: Client, team: Organization, name: str, slug: str, field: str
) -> None:
    page = Document(as_charlie.post("/console/new", {"name": name, "slug": slug}))
    (error,) = page.find("p", class_="field-error")
    assert error.attributes["id"] == f"id_{field}_error"
