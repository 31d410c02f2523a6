"""Signing up: a person with an organization and free credits, or nothing and a word at the field."""

from typing import Any

import pytest
from django.test import Client

from billing import api as billing
from billing.api import CREDIT
from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from marketplace.organizations.selectors import get_personal_organization
from tests.factories.people import make_organization
from tests.integration.web.accounts.conftest import SignUp
from tests.integration.web.document import Document


def errors(response: Any) -> dict[str, str]:
    """What stands at which field."""
    assert response.status_code == 200
    found = Document(response).find("p", class_="field-error")
    return {error.attributes["id"].removeprefix("id_").removesuffix("_error"): error.text for error in found}


def test_one_starts_with_an_organization_and_free_credits(visitor: Client, sign_up: SignUp) -> None:
    assert sign_up()["Location"] == "/console"
    scope = get_personal_organization(user=User.objects.get(username="erin"))
    assert (scope.organization.slug, scope.role) == ("erin", "owner")
    assert billing.get_balance(scope.organization.id) == 10_000 * CREDIT
    assert visitor.get("/console", follow=True).redirect_chain == [("/console/erin", 302)]


def test_the_page_says_what_one_gets(visitor: Client, settings: Any) -> None:
    assert "10,000 free credits" in visitor.get("/accounts/signup/").content.decode()
    settings.FREE_CREDITS = 0
    page = visitor.get("/accounts/signup/").content.decode()
    assert "free credits" not in page
    assert "Calls are paid for with credits" in page


def test_one_goes_on_to_where_one_came_from(sign_up: SignUp) -> None:
    assert sign_up(next="/algorithms/agora/hello")["Location"] == "/algorithms/agora/hello"


def test_the_way_back_is_kept_from_page_to_page(visitor: Client) -> None:
    page = Document(visitor.get("/accounts/login/?next=/publish"))
    (link,) = [link for link in page.links() if link.startswith("/accounts/signup/?")]
    (field,) = Document(visitor.get(link)).find("input", name="next")
    assert field.attributes["value"] == "/publish"


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("username", "console", "reserved"),
        ("username", "Agora", "reserved"),
        ("username", "9lives", "start with a letter"),
        ("username", "with-dash", "letters, digits and underscores"),
        ("username", "ab", "at least 3"),
        ("username", "x" * 40, "at most 39"),
        ("username", "ALICE", "taken"),
        ("username", "Team", "taken"),
        ("email", "ALICE@example.com", "an account already"),
        ("email", "nonsense", "valid"),
        ("password1", "short", "at least 10"),
        ("password1", "password1234", "too common"),
        ("password1", "erin@example.com", "too similar"),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    sign_up: SignUp, alice: User, team: Organization, field: str, value: str, problem: str
) -> None:
    before = User.objects.count()
    found = errors(sign_up(**{field: value}))
    assert problem in found.pop(field)
    assert found == {}
    assert User.objects.count() == before


def test_both_passwords_must_be_the_same(sign_up: SignUp) -> None:
    assert list(errors(sign_up(password2="seven blue bottles"))) == ["password2"]


def test_a_name_that_was_taken_a_moment_ago_leaves_nothing(sign_up: SignUp, monkeypatch: pytest.MonkeyPatch) -> None:
    make_organization("erin")
    monkeypatch.setattr("marketplace.web.sign_up.is_slug_taken", lambda slug: False)  # it was free when it was asked
    response = sign_up()
    assert response.status_code == 409
    assert "taken" in response.content.decode()
    assert not User.objects.filter(username="erin").exists()


def test_an_address_that_was_taken_a_moment_ago_leaves_nothing(sign_up: SignUp, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(email="Erin@Example.com")  # the form asks for lower case only
    assert sign_up().status_code == 409
    assert not User.objects.filter(username="erin").exists()
    assert not Organization.objects.filter(slug="erin").exists()


def test_many_tries_are_stopped(sign_up: SignUp) -> None:
    answers = [sign_up(username="") for _ in range(21)]
    assert (answers[0].status_code, answers[-1].status_code) == (200, 429)
    assert "Too many tries" in answers[-1].content.decode()
