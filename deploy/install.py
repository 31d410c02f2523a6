"""Sets up everything that `make` needs, in .venv and frontend: `python3 deploy/install.py [development]`.

It has only the standard library. Each step is skipped while what it depends on has not changed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
ENVIRONMENT = TOP / ".venv"
PROGRAMS = ENVIRONMENT / "bin"
PYTHON = PROGRAMS / "python"
UV = PROGRAMS / "uv"
REQUIREMENTS = TOP / "deploy" / "requirements"
FRONT_END = TOP / "frontend"
NO_NETWORK = re.compile(
    r"name resolution|dns error|error sending request|Failed to fetch|NewConnectionError|Connection refused"
    r"|Max retries|No matching distribution|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ECONNRESET"
)
NO_SPACE = re.compile(r"No space left on device|ENOSPC")
PIP_SETTING = re.compile(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", re.MULTILINE)
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}
"""pip's settings, and the variables by which uv takes the same: uv does not read pip's files."""


class SetUpFailed(Exception):
    """Set-up cannot go on: the operator must act, and the message says how."""


def main() -> None:
    """Runs the steps that are due, and ends with a sentence when one fails."""
    try:
        make_environment()
        install_requirements("development" if "development" in sys.argv[1:] else "platform")
        install_project()
        build_front_end()
    except SetUpFailed as failed:
        sys.exit(f"\nError: {failed}")
    except OSError as error:
        sys.exit(f"\nError: {explain(str(error), 'The set-up')}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on where this one was.")


def make_environment() -> None:
    """The virtual environment, and uv in it, which installs the rest in a fraction of pip's time."""
    if not runs(PYTHON):
        ensure_venv()
        with step("Made the virtual environment"):
            shutil.rmtree(ENVIRONMENT, ignore_errors=True)
            run([sys.executable, "-m", "venv", str(ENVIRONMENT)])
    found = re.search(r"^uv==[^\n]*\\\n(?: .*\n)*", read(REQUIREMENTS / "platform.txt"), re.MULTILINE)
    assert found, "uv is in the requirements"
    with due("uv", found[0]) as is_due:
        if is_due:
            with step("Installed the installer"), tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
                file.write(found[0])
                file.flush()
                options = ["--quiet", "--disable-pip-version-check", "--retries=1", "--require-hashes"]
                run([str(PYTHON), "-m", "pip", "install", *options, "-r", file.name])


def ensure_venv() -> None:
    """Debian's Python comes without what a virtual environment needs. Raises SetUpFailed."""
    if find_spec("ensurepip"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetUpFailed("Python's venv is missing: run `sudo apt install python3-venv`, then the same command again.")
    with step("Installed python3-venv"):
        run(["apt-get", "update", "-qq"])
        run(["apt-get", "install", "-y", "-qq", "python3-venv"])


def install_requirements(kind: str) -> None:
    """What the lock pins, each with its hash."""
    lock = REQUIREMENTS / f"{kind}.txt"
    with due(kind, read(lock)) as is_due:
        if is_due:
            with step("Installed the packages of Python"):
                run([str(UV), "pip", "install", "-q", "--require-hashes", "-r", str(lock)])


def install_project() -> None:
    """This repository itself, as it is edited."""
    with due("project", f"{read(TOP / 'pyproject.toml')}{TOP}") as is_due:
        if is_due:
            with step("Installed the `agora` command"):
                run([str(UV), "pip", "install", "-q", "--no-deps", "--no-build-isolation", "-e", str(TOP)])


def build_front_end() -> None:
    """Scripts and styles, with the Node.js that came as a package of Python."""
    npm = str(PROGRAMS / "npm")
    there = (FRONT_END / "node_modules").is_dir()
    with due("front-end-packages", read(FRONT_END / "package-lock.json"), there=there) as is_due:
        if is_due:
            with step("Installed the packages of the front end"):
                run([npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], FRONT_END)
    with due("front-end", digest_of_front_end(), there=(FRONT_END / "dist").is_dir()) as is_due:
        if is_due:
            with step("Built the front end"):
                run([npm, "run", "--silent", "build"], FRONT_END)


def digest_of_front_end() -> str:
    """Changes when a source of the front end does."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(FRONT_END):
        folders[:] = sorted(name for name in folders if name not in {"node_modules", "dist"})
        for path in sorted(Path(folder, name) for name in files):
            digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def due(name: str, depends_on: str, *, there: bool = True) -> Iterator[bool]:
    """Whether a step must run: its result is not there, or what it depends on is not what it was then."""
    stamp = ENVIRONMENT / "agora-stamps" / name
    digest = hashlib.sha256(depends_on.encode()).hexdigest()
    is_due = not there or not stamp.exists() or read(stamp) != digest
    yield is_due
    if is_due:
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(digest, encoding="ascii")


@contextmanager
def step(text: str) -> Iterator[None]:
    """Says what goes on, at a terminal, and what was done in how many seconds."""
    if sys.stdout.isatty():
        print(f"  … {text}", end="\r", flush=True)
    started = time.monotonic()
    yield
    print(f"  ✓ {text:<58} {time.monotonic() - started:6.1f} s", flush=True)


def run(command: list[str], folder: Path = TOP) -> None:
    """Runs it quietly. Raises SetUpFailed with what it said and what to do."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise SetUpFailed(explain(done.stdout, f"`{Path(command[0]).name} {' '.join(command[1:3])}`"))


def explain(said: str, who: str) -> str:
    """What went wrong and what the operator can do about it."""
    if NO_SPACE.search(said):
        return f"No space left in {TOP}: free 2 GiB there, then run the same command again."
    if NO_NETWORK.search(said):
        return (
            "The packages cannot be downloaded: connect this machine to the network, or set PIP_INDEX_URL and "
            "npm_config_registry to a mirror that it reaches, then run the same command again."
        )
    return f"{who} failed; this is what it said:\n{said.strip()[-3000:]}"


def child_environment() -> dict[str, str]:
    """This environment, in which our own node and uv are found, and uv uses the package index that pip is set to."""
    path = os.pathsep.join((str(PROGRAMS), os.environ.get("PATH", os.defpath)))
    environ = {**os.environ, "PATH": path, "VIRTUAL_ENV": str(ENVIRONMENT)}
    if PYTHON.exists():
        for name, value in PIP_SETTING.findall(pip_settings()):
            if name in UV_NAMES:
                environ.setdefault(UV_NAMES[name], value)
    return environ


@cache
def pip_settings() -> str:
    """pip's settings as it prints them, wherever they stand."""
    command = [str(PYTHON), "-m", "pip", "config", "list"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def runs(python: Path) -> bool:
    """Whether it is there and works: an upgrade of the system's Python leaves a virtual environment that does not."""
    try:
        return subprocess.run([python, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def read(path: Path) -> str:
    """The file's text."""
    return path.read_text(encoding="utf-8")


main()
