"""One language under test: its test algorithm, built as an author's source is built."""

import io
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from execution.builds.build import BuiltArtifact, build_artifact
from execution.environments import Environment
from tests.conformance.slot import MEBIBYTE, Place, Slot, start_slot

ALGORITHMS = Path(__file__).parent / "algorithms"
NAME = "conformance"
FAIL_LOAD = "fail_load.txt"
"""With this file beside its source, the test algorithm's load() raises."""


class Bench:
    """Builds and starts versions in one language."""

    def __init__(self, environment: Environment, folder: Path, cache: Path) -> None:
        """`cache` may be shared by several and kept."""
        self.environment = environment
        self.log: list[str] = []
        self.artifacts: dict[Path, BuiltArtifact] = {}
        """By the folder that each was unpacked into."""
        self._folder = folder
        self._cache = cache
        folder.mkdir(parents=True)
        (folder / "place").mkdir()
        folder.chmod(0o755)
        self.runners = cache / "runners"
        """Where builds, and these slots, keep runners that had to be compiled."""
        self._place = Place(folder / "place", self.runners)
        self._count = 0

    def close(self) -> None:
        """Gives up the place on this machine where its slots are limited."""
        self._place.groups.close()

    @property
    def source(self) -> dict[str, bytes]:
        """The test algorithm's files."""
        root = ALGORITHMS / self.environment.id
        ours = {"expect", "streams"}
        files = (path for path in root.rglob("*") if path.is_file() and path.stem not in ours)
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    @cached_property
    def expected(self) -> dict[str, object]:
        """What this language says in expect.toml: `error_type`, `trace` (a text in the trace of an error), and `broken`
        (an entry that cannot be built) where a syntax error at the entry's end is none. `shell`: the test algorithm can
        run a command of the shell."""
        return tomllib.loads((ALGORITHMS / self.environment.id / "expect.toml").read_text())

    @cached_property
    def version(self) -> Path:
        """The test algorithm's artifact, unpacked."""
        return self.build(self.source)

    @cached_property
    def streaming_version(self) -> Path:
        """The same, where apply has one type, that of a value, of a source of its own: `streams`, with any suffix."""
        source = next((ALGORITHMS / self.environment.id).glob("streams.*"), None)
        if source is None:
            return self.version
        return self.build({**self.source, self.environment.default_entry(NAME): source.read_bytes()})

    def build(self, files: dict[str, bytes], name: str = NAME, *, entry: str = "") -> Path:
        """The artifact's folder. Raises BuildFailed."""
        self._count += 1
        workspace = self._folder / f"build{self._count}"
        workspace.mkdir()
        archive = workspace / "source.tar.gz"
        write_archive(archive, files)
        artifact = build_artifact(
            environment=self.environment.id,
            entry=entry or self.environment.default_entry(name),
            source_archive=archive,
            workspace=workspace / "build",
            cache=self._cache,
            log=self.log.append,
        )
        with tarfile.open(artifact.path) as tar:
            tar.extractall(workspace / "algorithm", filter="fully_trusted")
        (workspace / "algorithm").chmod(0o755)
        self.artifacts[workspace / "algorithm"] = artifact
        return workspace / "algorithm"

    @contextmanager
    def boot(self, version: Path | None = None, *, memory: int = 1024 * MEBIBYTE) -> Iterator[Slot]:
        """A warm slot."""
        with start_slot(self._place, self.environment, version or self.version, memory=memory) as slot:
            yield slot

    @contextmanager
    def start(self, version: Path | None = None, *, memory: int = 1024 * MEBIBYTE, name: str = NAME) -> Iterator[Slot]:
        """A slot that has loaded the version."""
        with self.boot(version, memory=memory) as slot:
            self.load(slot, name)
            yield slot

    def load(
        self, slot: Slot, name: str = NAME, variables: Mapping[str, str] = MappingProxyType({})
    ) -> dict[str, object]:
        """What the runner answers to the order to load. Raises Refused."""
        entry = self.environment.default_entry(name)
        order = {"directory": "/algorithm", "entry": entry, "environment_variables": dict(variables)}
        answer = slot.ask({"load": order}, seconds=60)
        assert isinstance(answer["loaded"]["duration_us"], int)  # type: ignore[index]
        return answer


@contextmanager
def make_bench(environment: Environment, cache: Path) -> Iterator[Bench]:
    """A bench in a folder of its own, which any user can reach."""
    with tempfile.TemporaryDirectory(prefix="agora-conformance-") as folder:
        Path(folder).chmod(0o755)
        bench = Bench(environment, Path(folder) / environment.id, cache)
        try:
            yield bench
        finally:
            bench.close()


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            info.mode = 0o755 if content.startswith((b"#!", b"\x7fELF")) else 0o644
            tar.addfile(info, io.BytesIO(content))
