"""Clones of an author's repositories, reached by HTTPS with a key, to which changed files are pushed with git."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.builds.author import Author
from tests.clients.tls_front import Front, tls_front
from tests.git_program import git

MANIFEST = 'name = "{name}"\nenvironment = "{environment}"\nentry = "{entry}"\n\n[publish]\non_push = "minor"\n'

PLACE = re.compile(r"number (\d+) in the queue")


@dataclass(frozen=True)
class PushedClone:
    """A working copy, whose pushes are published when they have been built."""

    folder: Path
    prefix: Sequence[str]
    """What git runs behind, to find the platform."""

    def commit(self, files: Mapping[str, str]) -> None:
        """Commits these files."""
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        git(self.folder, "add", "-A")
        git(self.folder, "commit", "-q", "-m", "Change it")

    def push(self) -> int:
        """As its author types it; at which place of the queue its build waits, 0 if it does not."""
        said = git(self.folder, "push", "origin", "HEAD:main", prefix=self.prefix).stderr
        place = PLACE.search(said)
        return int(place[1]) if place else 0


class Pusher:
    """Makes algorithms of an author, and clones of them."""

    def __init__(self, author: Author, folder: Path, front: Front) -> None:
        self._author, self._folder, self._address = author, folder, front.address
        self._prefix = [*front.prefix, "env", f"GIT_SSL_CAINFO={front.authority}"]

    def clone(self, name: str, environment: str, entry: str) -> PushedClone:
        """A new algorithm's repository, with its agora.toml."""
        self._author.create(name, environment)
        platform = self._author.platform
        sign_in = f"://ada:{platform.demo_key}@"
        address = f"{self._address.replace('://', sign_in)}/git/{platform.demo_username}/{name}.git"
        git(self._folder, "clone", "-q", address, name, prefix=self._prefix)
        made = PushedClone(self._folder / name, self._prefix)
        (made.folder / "agora.toml").write_text(MANIFEST.format(name=name, environment=environment, entry=entry))
        return made


@contextmanager
def pusher_of(author: Author) -> Iterator[Pusher]:
    """While it is needed."""
    address = author.platform.address
    with TemporaryDirectory(prefix="agora-pushes-") as name, tls_front(address, Path(name)) as front:
        yield Pusher(author, Path(name), front)
