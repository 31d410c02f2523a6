"""Builds for real: uv, npm, Python and Node run as they do in production."""

import io
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from execution.builds.artifact import BuiltArtifact
from execution.builds.base import BuildJob, BuildLimits
from execution.builds.build import build_artifact
from execution.builds.steps import Steps
from execution.builds.watch import Allowance
from execution.environments import find_environment

Member = tuple[tarfile.TarInfo, bytes]
SECRET = "a-secret-of-the-platform"
BOUNDS = BuildLimits(memory_bytes=64 << 20, build_bytes=32 << 20)


def member(name: str, content: bytes = b"", **fields: object) -> Member:
    """A tar member; `fields` are TarInfo's."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def write_archive(path: Path, members: Iterable[Member]) -> Path:
    """A .tar.gz of these members, however odd."""
    path.write_bytes(make_archive(members))
    return path


def make_archive(members: Iterable[Member]) -> bytes:
    """The same, as its content."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return content.getvalue()


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


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A platform's, with a secret that its permissions do not keep."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "secret_key").write_text(SECRET)
    return tmp_path / "home"


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> BuildJob:
    """Of a build in that platform, whose process has the secret in its environment."""
    monkeypatch.setenv("AGORA_SECRET_KEY", SECRET)
    environment = find_environment("python3")
    assert environment is not None
    toolchain = environment.find_toolchain()
    assert toolchain is not None
    tree, scratch, cache = (home / "builds" / name for name in ("tree", "scratch", "cache"))
    for folder in (tree, scratch, cache):
        folder.mkdir(parents=True)
    allowance = Allowance(BOUNDS.memory_bytes, BOUNDS.build_bytes, [home / "builds"], disk_left=0)
    log: list[str] = []
    return BuildJob(
        environment=environment, toolchain=toolchain, tree=tree, packages=tree / ".packages", entry="src/x.py",
        scratch=scratch, cache=cache, owner_cache=cache, package_hosts=frozenset(),
        steps=Steps(seconds=30, log=log.append, allowance=allowance), log=log.append,
    )  # fmt: skip
