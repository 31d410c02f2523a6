"""Visitors who sign up and in; tries are counted in the cache, so that each test has its own."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

PASSWORD = "seven green bottles"
SignUp = Callable[..., Any]


@pytest.fixture(autouse=True)
def fresh_counters() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def visitor(db: None) -> Client:
    """Somebody who is not signed in."""
    return Client()


@pytest.fixture
def sign_up(visitor: Client) -> SignUp:
    """Sends the form for signing up, with some fields changed."""

    def send(**changes: str) -> Any:
        form = {
            "email": "erin@example.com",
            "username": "erin",
            "password1": PASSWORD,
            "password2": changes.get("password1", PASSWORD),
        }
        return visitor.post("/accounts/signup/", form | changes)

    return send


def last_link() -> str:
    """The path of the link in the newest e-mail."""
    links = re.findall(r"http://testserver(/accounts/\S+)", str(mail.outbox[-1].body))
    return str(links[0])
