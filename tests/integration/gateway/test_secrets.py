"""Secrets reach the slots of their algorithm, in a running platform, and leave them again."""

import time
from pathlib import Path
from typing import Any

import httpx

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.platform import RunningPlatform

SECONDS = 20.0
SOURCE = """
import os


def apply(name):
    print("It is", os.environ.get(name))
    if name.startswith("!"):
        raise KeyError("wrong: " + os.environ[name[1:]])
    return os.environ.get(name)
"""
MANIFEST = 'name = "keeper"\nsummary = "Tells a variable."\nenvironment = "python3"\npublic = false\n'


def test_a_secret_is_there_within_seconds_and_gone_within_seconds(platform: RunningPlatform, tmp_path: Path) -> None:
    reference = publish_keeper(platform, tmp_path / "keeper")
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers, timeout=60) as client:

        def wait_for(wanted: Any) -> None:
            deadline = time.monotonic() + SECONDS
            while (found := client.post(f"/v1/algo/{reference}", json="TOKEN").json()["result"]) != wanted:
                assert time.monotonic() < deadline, found
                time.sleep(0.1)

        wait_for(None)
        secrets = f"/v1/algorithms/{reference}/secrets"
        body = {"short_name": "A token", "secret_key": "TOKEN", "secret_value": "a first value"}
        made = client.post(secrets, json=body)
        assert made.status_code == 201, made.text
        wait_for("a first value")
        assert client.post(secrets, json=body | {"secret_value": "a second value"}).status_code == 200
        wait_for("a second value")
        printed = client.post(f"/v1/algo/{reference}?stdout=true", json="TOKEN").json()["metadata"]["stdout"]
        assert printed == "It is [secret]\n"
        error = client.post(f"/v1/algo/{reference}", json="!TOKEN").json()["error"]
        assert error["error_type"] == "KeyError"
        assert error["message"] == "'wrong: [secret]'"
        assert "a second value" not in error["stacktrace"]
        assert client.delete(f"{secrets}/{made.json()['id']}").status_code == 204
        wait_for(None)
    logs = "".join(path.read_text(errors="replace") for path in (platform.home / "logs").glob("*.log"))
    assert "a first value" not in logs


def publish_keeper(platform: RunningPlatform, folder: Path) -> str:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "keeper.py").write_text(SOURCE)
    (folder / "agora.toml").write_text(MANIFEST)
    with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
        return publish_folder(client, folder, read_manifest(folder), echo=lambda _: None).reference
