"""Algorithms that run the Python code they are called with, published on the running platform."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.platform import RunningPlatform

CALL_SECONDS = 40.0
ENTRY = '''
import json, os, urllib.error, urllib.request

ADDRESS = os.environ["ALGORITHMIA_API"]


def ask(method, path, value=None, **headers):
    """Status and body, by plain HTTP and without a key."""
    body = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    kind = "application/octet-stream" if isinstance(value, bytes) else "application/json"
    request = urllib.request.Request(ADDRESS + path, body, {"Content-Type": kind, **headers}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text, status = answer.read().decode(), answer.status
    except urllib.error.HTTPError as error:
        text, status = error.read().decode(), error.code
    try:
        return [status, json.loads(text)]
    except ValueError:
        return [status, text]


state = {}


def apply(source):
    names = {"ask": ask, "state": state}
    exec(source, names)
    return names.get("result")
'''


@dataclass(frozen=True)
class Runner:
    """Runs code in a slot of one algorithm of demo's."""

    client: httpx.Client
    reference: str

    def post(self, source: str) -> httpx.Response:
        headers = {"Content-Type": "text/plain"}
        return self.client.post(f"/v1/algo/{self.reference}", content=textwrap.dedent(source), headers=headers)

    def run(self, source: str) -> Any:
        """What the code leaves in `result`."""
        answer = self.post(source).raise_for_status().json()
        assert "error" not in answer, answer
        return answer["result"]


@pytest.fixture(scope="module")
def owner(platform: RunningPlatform) -> Iterator[httpx.Client]:
    """Asks with demo's key, from outside."""
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers, timeout=CALL_SECONDS) as client:
        yield client


def publish(platform: RunningPlatform, folder: Path, name: str, *, calls_others: bool, entry: str = ENTRY) -> str:
    """The reference of an algorithm of demo's."""
    (folder / "src").mkdir(parents=True)
    (folder / "src" / f"{name}.py").write_text(entry)
    allowed = str(calls_others).lower()
    text = f'name = "{name}"\nenvironment = "python3"\n[permissions]\ncalls_others = {allowed}\n'
    (folder / "agora.toml").write_text(text)
    with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
        return publish_folder(client, folder, read_manifest(folder), echo=lambda _: None).reference


@pytest.fixture(scope="module")
def caller(platform: RunningPlatform, owner: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """May call others."""
    folder = tmp_path_factory.mktemp("caller")
    return Runner(owner, publish(platform, folder, "door_caller", calls_others=True))


@pytest.fixture(scope="module")
def loner(platform: RunningPlatform, owner: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """May not."""
    folder = tmp_path_factory.mktemp("loner")
    return Runner(owner, publish(platform, folder, "door_loner", calls_others=False))
