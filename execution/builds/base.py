"""What a language must provide to be built, and what a build has to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from execution.builds.steps import Steps

Log = Callable[[str], None]
"""Takes one line, without its newline."""


@dataclass(frozen=True)
class BuildLimits:
    """How much a build may take. Sizes are bytes, unpacked."""

    source_files: int = 10_000
    source_bytes: int = 512 * 2**20
    artifact_bytes: int = 8 * 2**30
    seconds: float = 600.0


@dataclass(frozen=True)
class BuildJob:
    """One build."""

    tree: Path
    """The author's files; with the packages it becomes the artifact, which a slot sees as /algorithm."""
    packages: Path
    """The folder in `tree` where the language's runner looks for dependencies. It does not exist yet."""
    entry: str
    """Path of the file that the runner loads, inside the tree."""
    interpreter: str
    """The program that will run the algorithm: what dependencies are chosen for, and what checks the syntax."""
    scratch: Path
    """An empty folder of this build's own."""
    cache: Path
    """Kept between builds, shared by all of them."""
    steps: Steps
    log: Log

    def names_of(self, suffixes: tuple[str, ...]) -> list[str]:
        """The author's files with one of these suffixes that lie beside the entry file or below it, sorted."""
        folder = (self.tree / self.entry).parent
        found = (path for path in folder.rglob("*") if path.suffix in suffixes and path.is_file())
        return sorted(path.relative_to(self.tree).as_posix() for path in found)


class LanguageBuilder(Protocol):
    """One language. Neither method runs the author's code; both raise BuildFailed for what the author must mend."""

    def check(self, job: BuildJob) -> None:
        """Refuses source that cannot be parsed. Comes before install."""

    def install(self, job: BuildJob) -> None:
        """Puts the dependencies, if the author's tree names any, into the packages folder."""
