"""A forgotten password, a new one, and another e-mail address: through the e-mails that are really sent."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client

from marketplace.accounts.models import User
from tests.factories.people import PASSWORD
from tests.integration.web.accounts.conftest import SignUp, last_link
from tests.integration.web.document import Document

RESET = "/accounts/password/reset/"
NEW = {"password1": "nine blue candles", "password2": "nine blue candles"}


def can_sign_in(password: str) -> bool:
    response = Client().post("/accounts/login/", {"login": "alice", "password": password})
    return bool(response.status_code == 302)


def ask_for_link(client: Client, email: str = "alice@example.com") -> str:
    assert client.post(RESET, {"email": email})["Location"] == f"{RESET}done/"
    return last_link()


def test_a_forgotten_password_is_set_anew(visitor: Client, alice: User) -> None:
    link = ask_for_link(visitor, "Alice@Example.com")
    assert mail.outbox[-1].to == ["alice@example.com"]
    form = visitor.get(link, follow=True)
    address = form.redirect_chain[-1][0]
    assert link not in address, "the secret must not stand in the address of a page with links"
    done = visitor.post(address, NEW, follow=True)
    assert "Your password is set" in done.content.decode()
    assert can_sign_in(NEW["password1"])
    assert not can_sign_in(PASSWORD)


def test_a_link_works_once(visitor: Client, alice: User) -> None:
    link = ask_for_link(visitor)
    visitor.post(visitor.get(link, follow=True).redirect_chain[-1][0], NEW)
    assert "This link does not work" in Client().get(link, follow=True).content.decode()


@pytest.mark.parametrize("link", ["1-nonsense/", "zzzz-set-password/"])
def test_an_invented_link_does_not_work(visitor: Client, link: str) -> None:
    assert "This link does not work" in visitor.get(f"{RESET}key/{link}", follow=True).content.decode()


def test_nobody_learns_who_has_an_account(visitor: Client, alice: User) -> None:
    pages = [visitor.post(RESET, {"email": who}, follow=True) for who in ("alice@example.com", "no@where.example")]
    assert pages[0].redirect_chain == pages[1].redirect_chain
    known, unknown = mail.outbox
    assert "There is no account with this address" in unknown.body
    assert "set a new password for your account alice" in known.body


def test_a_weak_password_is_refused(visitor: Client, alice: User) -> None:
    address = visitor.get(ask_for_link(visitor), follow=True).redirect_chain[-1][0]
    page = Document(visitor.post(address, {"password1": "short", "password2": "short"}))
    assert "at least 10" in page.find("p", id="id_password1_error")[0].text
    assert can_sign_in(PASSWORD)


def test_changing_the_password_ends_other_sessions(alice: User) -> None:
    here, elsewhere = Client(), Client()
    for client in (here, elsewhere):
        client.post("/accounts/login/", {"login": "alice", "password": PASSWORD})
    wrong = Document(here.post("/accounts/password/change/", {"oldpassword": "wrong", **NEW}))
    assert wrong.find("p", id="id_oldpassword_error")[0].text == "This is not your password."
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, **NEW})
    assert here.get("/console/alice").status_code == 200
    assert elsewhere.get("/console/alice").status_code == 302
    assert "The password of your account on Agora was changed." in mail.outbox[-1].body


def test_signing_up_sends_a_link_that_confirms_the_address(visitor: Client, sign_up: SignUp) -> None:
    sign_up()
    link = last_link()
    assert "erin@example.com" in visitor.get(link).content.decode()
    assert not EmailAddress.objects.get(email="erin@example.com").verified
    visitor.post(link)
    assert EmailAddress.objects.get(email="erin@example.com").verified


def test_where_addresses_must_be_confirmed_nobody_gets_in_before(
    visitor: Client, sign_up: SignUp, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert sign_up()["Location"] == "/accounts/confirm-email/"
    assert visitor.get("/console").headers["Location"].startswith("/accounts/login/")
    visitor.post(last_link())
    assert (
        Client().post("/accounts/login/", {"login": "erin", "password": "seven green bottles"})["Location"]
        == "/console"
    )


def test_where_addresses_must_be_confirmed_nobody_learns_who_has_one(
    sign_up: SignUp, alice: User, settings: Any
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    assert sign_up(email="alice@example.com")["Location"] == "/accounts/confirm-email/"
    assert "It has an account already" in mail.outbox[-1].body
    assert not User.objects.filter(username="erin").exists()


def test_an_address_changes_when_the_new_one_is_confirmed(alice: User) -> None:
    client = Client()
    client.force_login(alice)
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    page = client.post("/accounts/email/", {"email": "new@example.com", "action_add": ""}, follow=True)
    assert "changes when you confirm it" in page.content.decode()
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    client.post(last_link())
    alice.refresh_from_db()
    assert alice.email == "new@example.com"
    assert [address.email for address in EmailAddress.objects.filter(user=alice)] == ["new@example.com"]


def test_an_address_of_another_account_cannot_be_confirmed(alice: User, bob: User) -> None:
    client = Client()
    client.force_login(alice)
    client.post("/accounts/email/", {"email": bob.email, "action_add": ""})
    page = client.post(last_link(), follow=True).content.decode()
    assert "another account has it" in page
    bob.refresh_from_db()
    assert bob.email == "bob@example.com"
    assert not EmailAddress.objects.filter(user=alice, email=bob.email, verified=True).exists()


def test_e_mails_name_the_platform_by_its_address(visitor: Client, alice: User) -> None:
    ask_for_link(visitor)
    assert str(mail.outbox[-1].body).endswith("Agora, http://testserver/")
    assert mail.outbox[-1].subject == "Set a new password"
