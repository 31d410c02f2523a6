"""An author at a platform of this machine: uploads sources, publishes what became of them, calls it."""

import io
import json
import shutil
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import httpx

from tests.platform import RunningPlatform, UpProcess, free_port, make_home

BUILD_SECONDS = 600.0
LOOK_SECONDS = 0.02


class Author:
    """The demonstration account of a platform, by its key; `with` closes its connections."""

    def __init__(self, platform: RunningPlatform) -> None:
        key = {"Authorization": f"Simple {platform.demo_key}"}
        self.platform = platform
        self._client = httpx.Client(base_url=platform.address, headers=key, timeout=60)
        self._name = platform.demo_username

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def create(self, name: str, environment: str) -> None:
        """Makes the algorithm."""
        body = {"name": name, "settings": {"algorithm_environment": environment}}
        self._client.post(f"/v1/algorithms/{self._name}", json=body).raise_for_status()

    def upload(self, name: str, files: Mapping[str, str | bytes], settings: Mapping[str, Any] | None = None) -> str:
        """Queues a build of these files, and answers its id."""
        form = {"settings": json.dumps(settings or {})}
        archive = {"source": ("source.tar.gz", _pack(files))}
        answer = self._client.post(self._builds(name), data=form, files=archive).raise_for_status()
        return str(answer.json()["build_id"])

    def build(self, name: str, build_id: str) -> dict[str, Any]:
        """Where the build stands, as the API says it."""
        return dict(self._client.get(f"{self._builds(name)}/{build_id}").raise_for_status().json())

    def wait(self, name: str, build_id: str) -> dict[str, Any]:
        """The build when it is over. Raises TimeoutError."""
        deadline = time.monotonic() + BUILD_SECONDS
        while (found := self.build(name, build_id))["state"] in {"queued", "building"}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the build of {name} does not end")
            time.sleep(LOOK_SECONDS)
        return found

    def cancel(self, name: str, build_id: str) -> dict[str, Any]:
        """The build, which is not to be any more."""
        return dict(self._client.post(f"{self._builds(name)}/{build_id}/cancel").raise_for_status().json())

    def log(self, name: str, build_id: str) -> str:
        """What the build logged."""
        return str(self._client.get(f"{self._builds(name)}/{build_id}/logs").raise_for_status().json()["logs"])

    def publish(self, name: str, build_id: str) -> str:
        """The number of the version that the build becomes."""
        path = f"/v1/algorithms/{self._name}/{name}/versions"
        answer = self._client.post(path, json={"build_id": build_id}).raise_for_status()
        return str(answer.json()["version_info"]["semantic_version"])

    def supply_chain(self, name: str, version: str) -> dict[str, Any]:
        """What is in a version, as the API says it."""
        path = f"/v1/algorithms/{self._name}/{name}/versions/{version}/supply-chain"
        return dict(self._client.get(path).raise_for_status().json())

    def forget_packages(self) -> None:
        """Has the next build resolve and download as if it were the owner's first."""
        shutil.rmtree(self.platform.home / "cache" / "builds" / "owners", ignore_errors=True)

    def call(self, name: str, version: str, value: Any) -> Any:
        """The result. Raises AssertionError with what came instead."""
        answer = self._ask(f"{name}/{version}", value)
        assert "result" in answer, answer
        return answer["result"]

    def wait_for_answer(self, name: str, value: Any, expected: Any) -> None:
        """Until the newest version gives it. Raises TimeoutError with what came instead."""
        deadline = time.monotonic() + BUILD_SECONDS
        while (found := self._ask(name, value)).get("result") != expected:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} answers {found}")
            time.sleep(LOOK_SECONDS)

    def _ask(self, path: str, value: Any) -> dict[str, Any]:
        return dict(self._client.post(f"/v1/algo/{self._name}/{path}", json=value).json())

    def _builds(self, name: str) -> str:
        return f"/v1/algorithms/{self._name}/{name}/builds"


@contextmanager
def author_of_a_platform(**variables: str) -> Iterator[Author]:
    """A platform of its own, while it is needed."""
    up = UpProcess(make_home(), free_port(), **variables)
    try:
        with Author(up.wait_until_ready(300)) as author:
            yield author
    finally:
        up.stop()
        shutil.rmtree(up.home, ignore_errors=True)


def _pack(files: Mapping[str, str | bytes]) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for name, content in sorted(files.items()):
            data = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return archive.getvalue()
