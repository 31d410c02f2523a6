"""Signing in and out, and where one is sent."""

import pytest
from django.test import Client

from marketplace.accounts.models import User
from tests.factories.people import PASSWORD
from tests.integration.web.document import Document

LOGIN = "/accounts/login/"


def is_signed_in(client: Client) -> bool:
    return client.get("/console").headers["Location"] != f"{LOGIN}?next=/console"


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.com", "Alice@Example.com"])
def test_one_signs_in_by_name_or_address_in_any_case(visitor: Client, alice: User, name: str) -> None:
    response = visitor.post(LOGIN, {"login": name, "password": PASSWORD})
    assert response["Location"] == "/console"
    assert is_signed_in(visitor)


@pytest.mark.parametrize(
    ("name", "password"), [("alice", "wrong"), ("nobody", PASSWORD), ("no@where.example", PASSWORD)]
)
def test_a_wrong_name_and_a_wrong_password_look_the_same(
    visitor: Client, alice: User, name: str, password: str
) -> None:
    page = Document(visitor.post(LOGIN, {"login": name, "password": password}))
    (problem,) = page.find("p", role="alert")
    assert problem.text.endswith("or the password is wrong.")
    assert not is_signed_in(visitor)


def test_someone_who_is_closed_does_not_get_in(visitor: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    response = visitor.post(LOGIN, {"login": "alice", "password": PASSWORD}, follow=True)
    assert "This account is closed" in response.content.decode()
    assert not is_signed_in(visitor)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "http://localhost/",
        "http://127.0.0.1:8000/",
        "http://testserver@evil.example/",
        "\thttps://evil.example/",
    ],
)
def test_nobody_is_sent_elsewhere(visitor: Client, alice: User, elsewhere: str) -> None:
    response = visitor.post(LOGIN, {"login": "alice", "password": PASSWORD, "next": elsewhere})
    assert response["Location"] == "/console"
    assert visitor.post("/accounts/logout/", {"next": elsewhere})["Location"] == "/"


@pytest.mark.parametrize("page", ["/publish", "/console/alice/calls?side=received", "http://testserver/publish"])
def test_one_goes_on_to_pages_of_ours(visitor: Client, alice: User, page: str) -> None:
    assert visitor.post(LOGIN, {"login": "alice", "password": PASSWORD, "next": page})["Location"] == page


def test_who_is_signed_in_needs_no_form(visitor: Client, alice: User) -> None:
    visitor.force_login(alice)
    assert visitor.get(f"{LOGIN}?next=/publish")["Location"] == "/publish"
    assert visitor.get("/accounts/signup/")["Location"] == "/console"


def test_signing_out_takes_a_form(visitor: Client, alice: User) -> None:
    visitor.force_login(alice)
    assert "Sign out?" in visitor.get("/accounts/logout/").content.decode()
    assert is_signed_in(visitor)
    assert "You are signed out." in visitor.post("/accounts/logout/", follow=True).content.decode()
    assert not is_signed_in(visitor)


def test_many_wrong_passwords_are_stopped(visitor: Client, alice: User) -> None:
    for _ in range(10):
        visitor.post(LOGIN, {"login": "alice", "password": "wrong"})
    page = visitor.post(LOGIN, {"login": "alice", "password": PASSWORD}).content.decode()
    assert "Too many failed tries" in page


@pytest.mark.parametrize("path", ["login/code/", "login/code/confirm/", "password/set/", "phone/verify/", "3rdparty/"])
def test_pages_that_agora_has_no_use_for_are_not_there(visitor: Client, alice: User, path: str) -> None:
    visitor.force_login(alice)
    assert visitor.get(f"/accounts/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["login", "signup", "password/reset", "password/reset/done", "confirm-email", "inactive"]
)
def test_no_search_engine_keeps_these_pages(visitor: Client, path: str) -> None:
    page = Document(visitor.get(f"/accounts/{path}/"))
    assert [tag.attributes["content"] for tag in page.find("meta", name="robots")] == ["noindex"]
