"""People with a session of the running platform, and WebSockets that they open there."""

import io
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.platform import RunningPlatform

Open = Callable[..., AbstractContextManager[ClientConnection]]


@pytest.fixture(scope="session")
def session(platform: RunningPlatform) -> Iterator[httpx.Client]:
    """The demo account's, as a browser has it."""
    with httpx.Client(base_url=platform.address, follow_redirects=True, timeout=30) as client:
        form = client.get("/accounts/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
        assert token
        names = {"login": platform.demo_username, "password": platform.demo_password, "csrfmiddlewaretoken": token[1]}
        assert client.post("/accounts/login/", data=names, headers={"Referer": platform.address}).status_code == 200
        yield client


@pytest.fixture(scope="session")
def open_live(platform: RunningPlatform, session: httpx.Client) -> Open:
    """Opens the WebSocket at `path`, by default as a page of the platform of somebody who is signed in does."""

    def open_live(path: str, *, origin: str = platform.address, cookies: bool = True) -> Any:
        cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items()) if cookies else ""
        address = platform.address.replace("http", "ws", 1) + path
        return connect(address, origin=origin, additional_headers={"Cookie": cookie}, proxy=None)  # type: ignore[arg-type]

    return open_live


@pytest.fixture(scope="session")
def start_build(platform: RunningPlatform) -> Callable[[str], tuple[str, str]]:
    """Uploads a Python source to an algorithm of its own, and answers the paths of its build's page and log."""
    key = {"Authorization": f"Simple {platform.demo_key}"}
    owner = f"{platform.address}/v1/algorithms/{platform.demo_username}"

    def start_build(name: str, text: str = "def apply(input):\n    return input\n") -> tuple[str, str]:
        asked = {"name": name, "settings": {"algorithm_environment": "python3"}}
        httpx.post(owner, json=asked, headers=key, timeout=30)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w:gz") as tar:
            info = tarfile.TarInfo(f"src/{name}.py")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
        files = {"source": ("source.tar.gz", archive.getvalue())}
        answer = httpx.post(f"{owner}/{name}/builds", files=files, headers=key, timeout=30)
        build = answer.raise_for_status().json()["build_id"]
        user = platform.demo_username
        return f"/console/{user}/algorithms/{name}/builds/{build}", f"/live/builds/{user}/{build}"

    return start_build
