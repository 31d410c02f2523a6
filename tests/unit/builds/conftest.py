"""Builds for real: uv, npm, Python and Node run as they do in production."""

import io
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from execution.builds.artifact import BuiltArtifact
from execution.builds.base import BuildLimits
from execution.builds.build import build_artifact

Member = tuple[tarfile.TarInfo, bytes]


def member(name: str, content: bytes = b"", **fields: object) -> Member:
    """A tar member; `fields` are TarInfo's."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def write_archive(path: Path, members: Iterable[Member]) -> Path:
    """A .tar.gz of these members, however odd."""
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


class Bench:
    """Builds sources and keeps what the builds logged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log: list[str] = []
        self.count = 0
        self.owner = "owner"
        """Whose builds they are."""

    def build(
        self, files: dict[str, str], *, entry: str, environment: str = "python3", limits: BuildLimits | None = None
    ) -> BuiltArtifact:
        return self.build_members(
            [member(name, text.encode()) for name, text in files.items()],
            entry=entry,
            environment=environment,
            limits=limits,
        )

    def build_members(
        self,
        members: Iterable[Member],
        *,
        entry: str = "src/x.py",
        environment: str = "python3",
        limits: BuildLimits | None = None,
    ) -> BuiltArtifact:
        return self.build_archive(
            write_archive(self.folder / f"{self.count}.tar.gz", members),
            entry=entry,
            environment=environment,
            limits=limits,
        )

    def build_archive(
        self, archive: Path, *, entry: str = "src/x.py", environment: str = "python3", limits: BuildLimits | None = None
    ) -> BuiltArtifact:
        self.count += 1
        workspace = self.folder / f"workspace{self.count}"
        workspace.mkdir()
        return build_artifact(
            environment=environment,
            entry=entry,
            source_archive=archive,
            workspace=workspace,
            cache=self.folder / "cache",
            owner_cache=self.folder / self.owner,
            log=self.log.append,
            limits=limits,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture
def content_of() -> Callable[[BuiltArtifact], dict[str, bytes]]:
    """What an artifact holds: content by name."""

    def read(artifact: BuiltArtifact) -> dict[str, bytes]:
        with tarfile.open(artifact.path) as tar:
            files = (info for info in tar if info.isreg())
            return {info.name: tar.extractfile(info).read() for info in files}  # type: ignore[union-attr]

    return read
