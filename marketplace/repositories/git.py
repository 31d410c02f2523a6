"""Runs git on a repository: with our settings alone, whatever this machine, its users or a repository have."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from marketplace.errors import Unavailable

HOOKS = Path(__file__).parent / "hooks"
BRANCH = "main"
"""The one that is built."""
LARGEST_PUSH_BYTES = 256 << 20
SECONDS = 60.0
SETTINGS = {
    "core.hooksPath": str(HOOKS),
    "gc.autoDetach": "false",
    "http.receivepack": "true",
    "init.defaultBranch": BRANCH,
    "receive.advertisePushOptions": "true",
    "receive.fsckObjects": "true",
    "receive.maxInputSize": str(LARGEST_PUSH_BYTES),
    "safe.directory": "*",
    "transfer.fsckObjects": "true",
    "uploadpack.allowFilter": "true",
}


class GitFailed(Exception):
    """Git refused; the text is its own."""


def environment(**more: str) -> dict[str, str]:
    """Of every git process. Nothing of this process goes there but where programs are."""
    settings = {f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(SETTINGS)}
    settings |= {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(SETTINGS.values())}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": str(len(SETTINGS)),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_PROTOCOL_FROM_USER": "0",
        **settings,
        **more,
    }


def find_git() -> str:
    """The program. Raises Unavailable."""
    found = shutil.which("git")
    if found is None:
        raise Unavailable("This machine has no git: its operator installs it with `apt-get install git`.")
    return found


def run_git(repository: Path, *arguments: str, text: bytes = b"", variables: Mapping[str, str] | None = None) -> bytes:
    """What it prints. Raises GitFailed, Unavailable."""
    command = [find_git(), f"--git-dir={repository}", *arguments]
    try:
        done = subprocess.run(
            command, input=text, env=environment(**(variables or {})), capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git {arguments[0]} took longer than {SECONDS:.0f} s") from None
    if done.returncode:
        raise GitFailed(done.stderr.decode(errors="replace").strip() or f"git {arguments[0]} failed")
    return done.stdout
