"""Attacks on what slots load: files changed in the storage, and files that were not built here at all."""

import hashlib
import io
import shutil
import tarfile
import time
from pathlib import Path

import httpx
import msgspec
import pytest
import redis

from execution.config import AgentConfig
from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from marketplace.directory.entries import ALGORITHMS, CHANGES, AlgorithmEntry, Change
from tests.platform import RunningPlatform

SECONDS = 30.0
EVIL = "def apply(value):\n    return 'evil'\n"


class Victim:
    """`demo/<name>`, freshly published and never called."""

    def __init__(self, platform: RunningPlatform, folder: Path, name: str) -> None:
        self.name = name
        self._platform = platform
        (folder / "src").mkdir(parents=True)
        (folder / "src" / f"{name}.py").write_text("def apply(value):\n    return 'good'\n")
        (folder / "agora.toml").write_text(f'name = "{name}"\nenvironment = "python3"\n')
        with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
            publish_folder(client, folder, read_manifest(folder), echo=lambda _: None)

    @property
    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self._platform.environ["REDIS_URL"])

    @property
    def entry(self) -> AlgorithmEntry:
        with self.redis as client:
            return msgspec.json.decode(client.hget(ALGORITHMS, f"demo/{self.name}"), type=AlgorithmEntry)

    def rewrite(self, entry: AlgorithmEntry) -> None:
        """As somebody would who can write to Redis."""
        with self.redis as client:
            client.hset(ALGORITHMS, f"demo/{self.name}", msgspec.json.encode(entry))
            client.publish(CHANGES, msgspec.json.encode(Change("algorithms", f"demo/{self.name}")))

    def path_of(self, digest: str) -> Path:
        return self._platform.home / "storage" / "artifacts" / f"{digest}.tar"

    def change_files(self) -> None:
        """In the storage, and so that the agent, which had them when they were published, takes them from there."""
        digest = self.entry.versions[0].artifact
        kept = AgentConfig(home=self._platform.home).artifacts_folder / digest
        deadline = time.monotonic() + SECONDS
        while not kept.is_dir():
            assert time.monotonic() < deadline, "they were never fetched"
            time.sleep(0.05)
        self.path_of(digest).write_bytes(pack_evil(self.name))
        shutil.rmtree(kept)

    def call(self) -> dict[str, object]:
        headers = {"Authorization": f"Simple {self._platform.demo_key}"}
        address = f"{self._platform.address}/v1/algo/demo/{self.name}"
        return dict(httpx.post(address, json=1, headers=headers, timeout=60).json())


def pack_evil(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        entry = tarfile.TarInfo(f"src/{name}.py")
        entry.size = len(EVIL)
        tar.addfile(entry, io.BytesIO(EVIL.encode()))
    return packed.getvalue()


def test_files_that_were_changed_in_the_storage_are_not_loaded(platform: RunningPlatform, tmp_path: Path) -> None:
    victim = Victim(platform, tmp_path / "victim", "changed_files")
    victim.change_files()
    assert "damaged" in str(victim.call()["error"])


@pytest.mark.parametrize("keep_signature", [True, False])
def test_files_that_this_platform_did_not_build_are_not_loaded(
    platform: RunningPlatform, tmp_path: Path, keep_signature: bool
) -> None:
    victim = Victim(platform, tmp_path / "victim", f"foreign_files_{int(keep_signature)}")
    content = pack_evil(victim.name)
    digest = hashlib.sha256(content).hexdigest()
    victim.path_of(digest).write_bytes(content)
    entry = victim.entry
    signature = entry.versions[0].signature if keep_signature else ""
    version = msgspec.structs.replace(entry.versions[0], artifact=digest, signature=signature)
    victim.rewrite(msgspec.structs.replace(entry, versions=(version,)))
    answer = victim.call()
    assert "not those that this platform built" in str(answer.get("error")), answer
    victim.rewrite(entry)
    deadline = time.monotonic() + SECONDS  # that it could not be loaded is remembered for a while
    while victim.call().get("result") != "good":
        assert time.monotonic() < deadline
        time.sleep(0.2)
