"""The algorithm `probe`, published on the running platform, and clients that call it."""

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

ALGORITHMS = Path(__file__).resolve().parents[2] / "algorithms"
CALL_SECONDS = 40.0


@dataclass(frozen=True)
class Probe:
    """`demo/probe` as its owner calls it; HTTP by `client`."""

    client: httpx.Client
    path: str

    def post(self, do: str, value: object = None, **parameters: Any) -> httpx.Response:
        return self.client.post(self.path, json={"do": do, "with": value}, params=parameters)

    def find_record(self, **wanted: object) -> dict[str, Any] | None:
        """The latest recorded call with these values, if there is one by now."""
        calls = self.client.get("/v1/organizations/demo/calls").raise_for_status().json()["results"]
        return next((call for call in calls if wanted.items() <= call.items()), None)

    def record_of(self, response: httpx.Response) -> dict[str, Any] | None:
        """What the platform recorded of a call, if it has by now."""
        return self.find_record(call_id=response.headers["x-agora-call-id"])


@pytest.fixture(scope="session")
def probe_reference(platform: RunningPlatform) -> str:
    """`demo/probe`, published once."""
    folder = ALGORITHMS / "probe"
    with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
        return publish_folder(client, folder, read_manifest(folder), echo=lambda _: None).reference


@pytest.fixture
def probe(platform: RunningPlatform, probe_reference: str) -> Iterator[Probe]:
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers, timeout=CALL_SECONDS) as client:
        yield Probe(client, f"/v1/algo/{probe_reference}")
