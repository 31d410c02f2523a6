"""Runners that must be compiled before they can run: made once for each toolchain, then kept."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from execution.environments import Environment, Toolchain
from execution.errors import RunnerNotReady

PREPARE_SECONDS = 600
PASSED_ON_PREFIXES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "MAVEN_")


@cache
def prepare_runner(environment: Environment, folder: Path) -> Path:
    """The folder that a slot sees as /runner: the runner's own, or one below `folder` with what was made of it.

    Takes seconds the first time that a machine does it, and may download what the manifest names. Any number of
    processes may do it at once. Raises RunnerNotReady.
    """
    if not environment.manifest.prepare:
        return environment.runner_folder
    toolchain = environment.find_toolchain()
    if toolchain is None:
        raise RunnerNotReady(f"{environment.display_name} is not installed on this machine.")
    made = folder / f"{environment.id}-{_digest(environment, toolchain)}"
    if not made.is_dir():
        _make(environment, toolchain, made)
    return made


def _digest(environment: Environment, toolchain: Toolchain) -> str:
    """Changes when the runner, the commands or the toolchain do."""
    digest = hashlib.sha256(repr((environment.manifest.prepare, toolchain.executable, toolchain.version)).encode())
    for folder in (environment.runner_folder, environment.folder):
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and "template" not in path.parts):
            digest.update(f"\0{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _make(environment: Environment, toolchain: Toolchain, made: Path) -> None:
    made.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="making-", dir=made.parent) as scratch:
        copy = Path(scratch) / "runner"
        shutil.copytree(environment.runner_folder, copy, ignore=shutil.ignore_patterns("template", "__pycache__"))
        for command in environment.manifest.prepare:
            _run([_fill(part, environment, toolchain) for part in command], copy, environment)
        copy.chmod(0o755)
        try:
            copy.rename(made)
        except OSError:
            if not made.is_dir():  # otherwise another process was faster, with the same result
                raise


def _fill(part: str, environment: Environment, toolchain: Toolchain) -> str:
    return part.replace("{toolchain}", str(toolchain.executable)).replace("{folder}", str(environment.folder))


def _run(command: list[str], folder: Path, environment: Environment) -> None:
    variables = {name: value for name, value in os.environ.items() if name.upper().startswith(PASSED_ON_PREFIXES)}
    for name in ("PATH", "HOME", "LANG"):
        variables[name] = os.environ.get(name, {"PATH": os.defpath, "LANG": "C.UTF-8"}.get(name, "/"))
    try:
        done = subprocess.run(
            command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=PREPARE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunnerNotReady(f"the runner of {environment.display_name} cannot be made: {error}.") from error
    if done.returncode:
        said = " ".join(done.stdout.split())[-500:]
        raise RunnerNotReady(f"the runner of {environment.display_name} cannot be made: {said}.")
