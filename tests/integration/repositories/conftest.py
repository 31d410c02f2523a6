"""Clones of repositories on the running platform, with the git of this machine."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.git_program import git
from tests.platform import RunningPlatform

SECONDS = 90.0
MANIFEST = 'name = "{name}"\nenvironment = "python3"\nsummary = "Pushed."\n\n[publish]\non_push = "{bump}"\n'
PROGRAM = "def apply(input):\n    return {answer!r}\n"


@dataclass(frozen=True)
class Clone:
    """A working copy."""

    folder: Path
    name: str
    api: httpx.Client

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return git(self.folder, *arguments, check=check)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def commit(self, answer: str, *, bump: str = "minor") -> str:
        """A commit whose algorithm answers that; its id."""
        self.write("agora.toml", MANIFEST.format(name=self.name, bump=bump))
        self.write(f"src/{self.name}.py", PROGRAM.format(answer=answer))
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Answer {answer}")
        return self.git("rev-parse", "HEAD").stdout.strip()

    def push(self, *options: str) -> str:
        """What the platform said."""
        return self.git("push", *options, "origin", "HEAD:main").stderr

    def call(self) -> Any:
        return self.api.post(f"/v1/algo/demo/{self.name}", json=1).json()

    def wait_for(self, answer: str) -> None:
        """Returns when calls answer that."""
        deadline = time.monotonic() + SECONDS
        while (found := self.call()).get("result") != answer:
            assert time.monotonic() < deadline, found
            time.sleep(0.1)


def address_of(platform: RunningPlatform, name: str, *, key: str | None = None) -> str:
    """What `git clone` takes, with a key in it."""
    sign_in = f"ada:{platform.demo_key if key is None else key}@"
    return f"{platform.address.replace('://', '://' + sign_in)}/git/demo/{name}.git"


@pytest.fixture
def make_clone(platform: RunningPlatform, tmp_path: Path) -> Iterator[Callable[[str], Clone]]:
    """Makes an algorithm, and clones its repository."""
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    api = httpx.Client(base_url=platform.address, headers=headers, timeout=SECONDS)

    def make_clone(name: str) -> Clone:
        body = {"name": name, "settings": {"algorithm_environment": "python3"}}
        api.post("/v1/algorithms/demo", json=body).raise_for_status()
        git(tmp_path, "clone", "-q", address_of(platform, name), name)
        return Clone(tmp_path / name, name, api)

    yield make_clone
    api.close()
