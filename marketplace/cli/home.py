"""AGORA_HOME: where one machine's platform keeps its data, its sockets, its logs and its secrets."""

import errno
import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

LEAST_FREE_BYTES = 512 * 1024 * 1024
LONGEST_HOME = 70
"""Characters. The path of a Unix socket may have 107, and the longest below the home adds 28."""
ALIASES = Path("/tmp")  # noqa: S108 - a short name on purpose; its owner is checked
REPOSITORY = Path(__file__).resolve().parent.parent.parent


class StartRefused(click.ClickException):
    """The platform cannot start; the operator must act, and the message says how."""


@dataclass(frozen=True)
class Home:
    """The folder and what is where in it."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The folder that AGORA_HOME names, `.agora` in the repository by default, made if there is none."""
        path = Path(os.environ.get("AGORA_HOME") or REPOSITORY / ".agora").absolute()
        try:
            path.mkdir(parents=True, exist_ok=True)
            home = cls(path if len(str(path)) <= LONGEST_HOME else _alias_of(path))
            for folder in (home.run, home.logs):
                folder.mkdir(exist_ok=True)
            path.chmod(0o711)  # programs that run as other users pass through; nobody lists it
        except OSError as error:
            raise refusal_of(error, path) from None
        return home

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def redis(self) -> Path:
        return self.path / "redis"

    @property
    def secret_key(self) -> Path:
        """The file of Django's secret key, made at the first start; only its owner can read it."""
        path = self.path / "secret_key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(50))
        return path

    def check_space(self) -> None:
        """Raises StartRefused when the disk is nearly full."""
        free = shutil.disk_usage(self.path).free
        if free < LEAST_FREE_BYTES:
            raise StartRefused(_no_space(self.path, free))

    @contextmanager
    def lock(self, address: str) -> Iterator[None]:
        """Keeps a second `agora up` off this folder. The kernel frees it with the process, however that ends."""
        with (self.run / "up.lock").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StartRefused(_runs_already(file.name)) from None
            file.truncate(0)
            json.dump({"pid": os.getpid(), "address": address}, file)
            file.flush()
            yield


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def refusal_of(error: OSError, path: Path) -> StartRefused:
    """What to say to the operator about an error of the file system."""
    if error.errno == errno.ENOSPC:
        return StartRefused(_no_space(path, 0))
    return StartRefused(f"{error.filename or path}: {error.strerror or error}. Set AGORA_HOME to a folder of your own.")


def _no_space(path: Path, free: int) -> str:
    least = LEAST_FREE_BYTES >> 20
    return (
        f"No space left: {path} has {free >> 20} MiB free and Agora needs {least}. "
        "Free some, or set AGORA_HOME to a folder on another disk."
    )


def _runs_already(lock: str) -> str:
    try:
        holder = json.loads(Path(lock).read_text(encoding="utf-8"))
        return (
            f"Agora runs here already, as process {holder['pid']}, at {holder['address']}: "
            f"stop it with `kill {holder['pid']}`, or set AGORA_HOME to another folder."
        )
    except (OSError, ValueError, KeyError):
        return "Agora is starting here already: wait for it, or set AGORA_HOME to another folder."


def _alias_of(path: Path) -> Path:
    """A short name for a long path: sockets could not be opened by the long one. Raises StartRefused, OSError."""
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    alias = ALIASES / f"agora-{os.geteuid()}-{name}"
    if alias.is_symlink() and alias.lstat().st_uid == os.geteuid() and alias.readlink() == path:
        return alias
    if alias.is_symlink() or alias.exists():
        raise StartRefused(f"{alias} is in the way: remove it, or set AGORA_HOME to a shorter path than {path}.")
    alias.symlink_to(path)
    return alias
