"""Requests to the REST API as clients send them, through Django, to a real database."""

import json
from typing import Any

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.organizations.models import Organization
from tests.factories.people import make_api_key


class Caller:
    """A client with a key, or without one."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self._client = Client(headers={"Authorization": f"Simple {key}"} if key else {})

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(path, query)

    def post(self, path: str, body: Any = None) -> Any:
        return self._client.post(path, json.dumps(body), content_type="application/json")

    def put(self, path: str, body: Any) -> Any:
        return self._client.put(path, json.dumps(body), content_type="application/json")

    def delete(self, path: str) -> Any:
        return self._client.delete(path)

    def upload(self, path: str, **form: Any) -> Any:
        return self._client.post(path, form)


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Any) -> None:
    """Uploads go to this test's folder."""
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "storage"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@pytest.fixture
def as_alice(alice: User) -> Caller:
    return Caller(make_api_key(by=alice).text)


@pytest.fixture
def as_charlie(charlie: User) -> Caller:
    return Caller(make_api_key(by=charlie).text)


@pytest.fixture
def as_team(team: Organization, bob: User) -> Caller:
    """Bob's key of the team."""
    return Caller(make_api_key(team, by=bob).text)


@pytest.fixture
def as_nobody(db: None) -> Caller:
    return Caller(None)


def message_of(response: Any) -> str:
    """The error's message."""
    return str(response.json()["error"]["message"])
