"""The door for hosted data on a real server, with a real database: what clients send arrives as it is sent."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from django.core.files.storage import storages
from django.db import connections

from marketplace.accounts.models import User
from marketplace.directory.tokens import CallToken, sign_token
from marketplace.organizations.models import Organization
from tests.factories.people import make_api_key
from tests.platform import free_port

SECONDS = 20.0


class Server(uvicorn.Server):
    """In a thread of the test."""

    def __init__(self) -> None:
        from marketplace.asgi import application

        self.address = f"http://127.0.0.1:{free_port()}"
        port = int(self.address.rpartition(":")[2])
        super().__init__(uvicorn.Config(application, port=port, lifespan="off", ws="none", log_config=None))
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()))

    def __enter__(self) -> "Server":
        self._thread.start()
        while not self.started:
            assert self._thread.is_alive()
            self._thread.join(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.should_exit = True
        self._thread.join(SECONDS)


@dataclass(frozen=True)
class Door:
    """`/v1/data` as one caller sees it."""

    client: httpx.Client
    prefix: str = "/v1/data"

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self.client.request(method, f"{self.prefix}/{path}", **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def put(self, path: str, content: Any, **options: Any) -> httpx.Response:
        return self.ask("PUT", path, content=content, **options)

    def make(self, parent: str, name: str, **more: Any) -> httpx.Response:
        return self.ask("POST", parent, json={"name": name, **more})

    def share(self, path: str, read: list[str]) -> httpx.Response:
        return self.ask("PATCH", path, json={"acl": {"read": read}})

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("DELETE", path, **options)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where the contents of this test lie."""
    folder = tmp_path / "datasets"
    entry = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "datasets": entry}
    return folder


@pytest.fixture
def server(transactional_db: None, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)  # else the test database stays in use
    with Server() as running:
        yield running
    storages._storages.clear()


@pytest.fixture
def door(server: Server) -> Iterator[Callable[[str | None], Door]]:
    """Makes the door for an Authorization header, or for none."""
    opened = []

    def make(authorization: str | None) -> Door:
        headers = {"Authorization": authorization} if authorization else {}
        opened.append(httpx.Client(base_url=server.address, headers=headers, timeout=SECONDS))
        return Door(opened[-1])

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def as_alice(door: Callable[[str | None], Door], alice: User) -> Door:
    return door(f"Simple {make_api_key(by=alice).text}")


@pytest.fixture
def as_charlie(door: Callable[[str | None], Door], charlie: User) -> Door:
    return door(f"Simple {make_api_key(by=charlie).text}")


@pytest.fixture
def as_nobody(door: Callable[[str | None], Door]) -> Door:
    return door(None)


def token_of(
    organization: Organization, user: User, secret: str, *, algorithm: str | None, root_id: str = "", key_id: str = ""
) -> str:
    """What a call has that acts for the organization."""
    token = CallToken(
        organization_id=str(organization.id),
        user_id=user.pk,
        key_id=key_id or None,
        root_id=root_id or None,
        parent_id=root_id or None,
        algorithm=algorithm,
        expires=1 << 40,
    )
    return sign_token(token, secret=secret)


def message_of(response: httpx.Response) -> str:
    """The error's message, which the header has too."""
    message = str(response.json()["error"]["message"])
    assert response.headers["x-error-message"] == message
    return message
