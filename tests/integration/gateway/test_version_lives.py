"""From a build to a version and back, in a running platform: samples, hashes, deprecation, rolling back, traffic."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import httpx
import pytest

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.platform import RunningPlatform

SECONDS = 20.0
MANIFEST = """
name = "doubler"
environment = "python3"
public = true

[[samples]]
name = "two"
input = "2"

[[samples]]
name = "three"
input = "3"
expected = "6"
"""
DOUBLES = "def apply(number):\n    return number * 2\n"
SHOWS = "def apply(number):\n    return number * 2 if number == 3 else [number]\n"
FAILS = "def apply(number):\n    raise ValueError('no number today')\n"


class Author:
    """Who publishes `demo/doubler`, again and again."""

    def __init__(self, platform: RunningPlatform, folder: Path, client: httpx.Client) -> None:
        self.client = client
        self._credentials = Credentials(address=platform.address, key=platform.demo_key)
        self._folder = folder
        self.echoed: list[str] = []

    def publish(self, source: str, manifest: str = MANIFEST) -> str:
        """The number of the new version."""
        (self._folder / "src").mkdir(parents=True, exist_ok=True)
        (self._folder / "src" / "doubler.py").write_text(source)
        (self._folder / "agora.toml").write_text(manifest)
        self.echoed.clear()
        with Platform(self._credentials) as client:
            found = read_manifest(self._folder)
            return publish_folder(client, self._folder, found, echo=self.echoed.append).version

    def call(self, version: str, number: int = 2) -> httpx.Response:
        return self.client.post(f"/v1/algo/demo/doubler{version}", json=number)

    def results(self, number: str) -> dict[str, dict[str, Any]]:
        answer = self.client.get(f"/v1/algorithms/demo/doubler/versions/{number}").raise_for_status()
        return {result["name"]: result for result in answer.json()["version_info"]["sample_results"]}

    def put(self, path: str, body: dict[str, object]) -> None:
        self.client.put(f"/v1/algorithms/demo/doubler/{path}", json=body).raise_for_status()


def soon(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def author(platform: RunningPlatform, tmp_path: Path) -> Iterator[Author]:
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers, timeout=60) as client:
        yield Author(platform, tmp_path / "doubler", client)


def test_the_life_of_versions(author: Author) -> None:
    assert author.publish(DOUBLES) == "0.1.0"
    results = author.results("0.1.0")
    assert {name: (one["verdict"], one["result"]) for name, one in results.items()} == {
        "two": ("passed", "4"),
        "three": ("passed", "6"),
    }
    assert author.publish(SHOWS) == "0.2.0"  # by the usual setting, a change is told and published
    assert {name: one["verdict"] for name, one in author.results("0.2.0").items()} == {
        "two": "changed",
        "three": "passed",
    }
    assert "Sample two: changed" in author.echoed
    _refuses_what_fails(author)
    _calls_a_build(author)
    _deprecates(author)
    _rolls_back(author)
    _splits(author)


def _refuses_what_fails(author: Author) -> None:
    author.put("samples", {"on_change": "refuse", "samples": [{"name": "four", "input": "4"}]})
    with pytest.raises(click.ClickException, match="no number today") as refused:
        author.publish(FAILS)
    assert "four failed" in refused.value.message
    assert author.call("").json()["result"] == [2]


def _calls_a_build(author: Author) -> None:
    """The one that was just refused: its owner sees why."""
    builds = author.client.get("/v1/algorithms/demo/doubler/builds").json()["results"]
    answer = author.call(f"/{builds[0]['commit_sha']}")
    assert "no number today" in answer.json()["error"]["message"]
    stranger = httpx.post(str(answer.request.url), json=2, headers={"Authorization": "Simple sim123"})
    assert stranger.status_code == 401


def _deprecates(author: Author) -> None:
    author.put("versions/0.1.0", {"deprecated": "Use 0.2."})
    soon(lambda: "deprecation" in author.call("/0.1.0").headers)
    answer = author.call("/0.1.0")
    assert answer.headers["warning"] == '299 agora "Use 0.2."'
    assert answer.json()["metadata"]["deprecated"] == "Use 0.2."
    assert answer.json()["result"] == 4
    streamed = author.client.post("/v1/algo/demo/doubler/0.1.0", json=2, headers={"accept": "text/event-stream"})
    assert streamed.headers["deprecation"].startswith("@")
    assert '"deprecated":"Use 0.2."' in streamed.text
    assert "deprecation" not in author.call("/0.2.0").headers


def _rolls_back(author: Author) -> None:
    author.put("versions/0.1.0", {"latest": True})
    soon(lambda: author.call("").json()["result"] == 4)
    assert [author.call(version).json()["result"] for version in ("/0", "/0.1", "/0.2.0")] == [4, 4, [2]]
    author.put("versions/0.2.0", {"latest": True})
    soon(lambda: author.call("").json()["result"] == [2])


def _splits(author: Author) -> None:
    author.put("traffic", {"base": "0.2.0", "candidate": "0.1.0", "percent": 100})
    soon(lambda: author.call("").json()["result"] == 4)
    assert author.call("/0.2.0").json()["result"] == [2]
    traffic = "/v1/algorithms/demo/doubler/traffic"
    soon(lambda: author.client.get(traffic).json()["candidate"]["calls"] > 0)
    author.client.delete(traffic).raise_for_status()
    soon(lambda: author.call("").json()["result"] == [2])
