"""The git of this machine, as somebody uses it who has just installed it."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


def git(
    folder: Path, *arguments: str, check: bool = True, prefix: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Runs it in the folder, behind `prefix`. Raises AssertionError when it fails, unless `check` is off."""
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
    command = [*prefix, "git", *person, *arguments]
    environ = {**os.environ, **quiet}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 or not check, done.stderr
    return done
