"""What a language must provide to be built, and what a build has to work with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from execution.builds.isolation import MEMORY, Shown, can_isolate, isolated_command
from execution.builds.packages import Package
from execution.builds.steps import Steps
from execution.environments import Environment, Toolchain
from execution.errors import BuildFailed, RunnerNotReady
from execution.prepared_runners import prepare_runner

Log = Callable[[str], None]
"""Takes one line, without its newline."""


@dataclass(frozen=True)
class BuildLimits:
    """How much a build may take. Sizes are bytes, unpacked."""

    source_files: int = 10_000
    source_bytes: int = 512 * 2**20
    artifact_bytes: int = 8 * 2**30
    build_bytes: int = 16 * 2**30
    """What the build's folders may take while it runs."""
    memory_bytes: int = MEMORY
    """What a step's processes may hold together."""
    seconds: float = 600.0


@dataclass(frozen=True)
class BuildJob:
    """One build."""

    environment: Environment
    toolchain: Toolchain
    tree: Path
    """The author's files; with the packages it becomes the artifact, which a slot sees as /algorithm."""
    packages: Path
    """The folder in `tree` where the language's runner looks for what the build makes. It does not exist yet."""
    entry: str
    """Path of the file that the runner loads, inside the tree."""
    scratch: Path
    """An empty folder of this build's own."""
    cache: Path
    """Kept between builds, shared by all of them: what is the same for everybody, made of nothing of an author's."""
    owner_cache: Path
    """Kept between the builds of one owner. Programs that download write to it; code of an author's never can."""
    package_hosts: frozenset[str]
    """Where packages that an author names by their address may be taken from."""
    steps: Steps
    log: Log
    resolved: list[Package] = field(default_factory=list)
    """What has been put into the packages folder, or compiled in, that is not the author's own."""

    @property
    def interpreter(self) -> str:
        """The program that will run the algorithm: what dependencies are chosen for, and what checks the syntax."""
        return str(self.toolchain.executable)

    @cached_property
    def runner(self) -> Path:
        """The runner's folder, compiled where it must be. Raises BuildFailed."""
        try:
            return prepare_runner(self.environment, self.cache / "runners")
        except RunnerNotReady as error:
            raise BuildFailed(f"This machine cannot build it yet: {error}") from error

    @cached_property
    def places(self) -> dict[Path, str]:
        """Where isolated programs see the build's folders: at the same places in every build, so that equal sources
        become equal programs. The tree is where the slot will have it.
        """
        inside = {self.tree: "/algorithm", self.scratch: "/scratch", self.owner_cache: "/owner", self.cache: "/cache"}
        return inside if can_isolate() else {}

    def seen(self, path: Path) -> str:
        """The path, for a file that an isolated program reads; their command lines and variables need nothing."""
        return Shown(writable=(), places=self.places).seen(str(path))

    def check_address(self, file: str, address: str) -> None:
        """Refuses to take a package from where the operator does not let builds. Raises BuildFailed."""
        parts = urlsplit(address)
        if parts.scheme != "https" or parts.hostname not in self.package_hosts or parts.port not in (None, 443):
            raise BuildFailed(
                f"{file}: packages are not taken from {parts.hostname or address[:80]!r} here: name one by its "
                "version, or put it into the source."
            )

    def names_of(self, suffixes: tuple[str, ...]) -> list[str]:
        """The author's files with one of these suffixes that lie beside the entry file or below it, sorted."""
        folder = (self.tree / self.entry).parent
        found = (path for path in folder.rglob("*") if path.suffix in suffixes and path.is_file())
        return sorted(path.relative_to(self.tree).as_posix() for path in found)

    def run_isolated(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        readable: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Runs a program in which code of the author's, or of a dependency's, may take part.

        It may write to the tree and to scratch, where it starts unless `folder` is given, and has no network. What it
        says is the build's log. Raises BuildFailed when it fails.
        """
        if self.try_isolated(command, folder=folder, readable=readable, variables=variables):
            raise BuildFailed("The source could not be built: the log above says why.")

    def try_isolated(
        self,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        readable: Sequence[Path] = (),
        variables: Mapping[str, str] | None = None,
        log: Log | None = None,
    ) -> int:
        """The same, with what it says in `log`, if there is one, and its exit status as the answer."""
        prefix = self.toolchain.prefix
        shown = Shown(
            writable=[self.tree, self.scratch],
            readable=[self.runner, *readable, *([prefix] if prefix else [])],
            system_files=self.environment.manifest.system_files,
            variables={"HOME": str(self.scratch), **(variables or {})},
            places=self.places,
        )
        steps = self.steps.reporting_to(log) if log else self.steps
        return steps.run(isolated_command(command, folder or self.scratch, shown), folder=self.scratch)


class LanguageBuilder(Protocol):
    """One language, or several that are built the same way: a module in execution/builds, which a manifest names.

    Both functions raise BuildFailed for what the author must mend. Code of the author's, or of a dependency's, may run
    in BuildJob.run_isolated alone.
    """

    def check(self, job: BuildJob) -> None:
        """Refuses source that cannot be parsed, where that costs less than installing. Comes before install."""

    def install(self, job: BuildJob) -> None:
        """Puts into the packages folder what the runner needs beside the source: dependencies, a compiled program."""
