"""People and their names."""

import pytest
from django.contrib.auth import authenticate
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import get_resolver

from marketplace.accounts.models import RESERVED_WORDS, User, check_not_reserved, username_validators
from marketplace.accounts.tasks import clear_sessions
from tests.factories.people import PASSWORD


def refuse(name: str) -> bool:
    """Whether any validator refuses the name."""
    for validate in username_validators:
        try:
            validate(name)
        except ValidationError:
            return True
    return False


@pytest.mark.parametrize("name", ["ann", "Ann_Lee", "a1_", "x" * 39])
def test_names_that_may_be(name: str) -> None:
    assert not refuse(name)


@pytest.mark.parametrize("name", ["", "ab", "1ann", "_ann", "ann-lee", "ann lee", "ann@lee", "änn", "ann\n", "x" * 40])
def test_names_that_may_not_be(name: str) -> None:
    assert refuse(name)


@pytest.mark.parametrize("name", ["admin", "Admin", "API", "v1", "agora", "latest", "www"])
def test_words_of_the_platform_are_reserved(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_not_reserved(name)
    assert refused.value.code == "reserved"


def test_no_page_of_ours_can_be_someones_name() -> None:
    """The first part of each address is reserved, or cannot be a name at all."""
    firsts = {str(pattern.pattern).strip("^/").split("/")[0] for pattern in get_resolver().url_patterns}
    words = {first for first in firsts if first.isidentifier() and len(first) > 2}
    assert words <= RESERVED_WORDS


def test_reserved_words_are_in_lower_case() -> None:
    assert all(word == word.lower() for word in RESERVED_WORDS)


@pytest.mark.parametrize(("username", "email"), [("ALICE", "new@example.com"), ("new", "Alice@Example.com")])
def test_names_and_addresses_are_taken_in_any_case(alice: User, username: str, email: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(username, email)
    with pytest.raises(ValidationError, match="already exists"):
        User(username=username, email=email, password="x").full_clean()


def test_many_may_have_no_address(db: None) -> None:
    for name in ("ann", "ben"):
        User.objects.create_user(name, "")


@pytest.mark.parametrize("name", ["alice", "ALICE"])
def test_sign_in_knows_a_name_in_any_case(alice: User, name: str) -> None:
    assert authenticate(username=name, password=PASSWORD) == alice
    assert authenticate(username=name, password="wrong") is None


def test_sessions_that_have_expired_are_removed(db: None) -> None:
    for seconds in (-10, 1000):
        session = SessionStore()
        session.set_expiry(seconds)
        session["a"] = 1
        session.save()
    clear_sessions()
    assert Session.objects.count() == 1


def test_migrations_say_what_the_models_say(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
