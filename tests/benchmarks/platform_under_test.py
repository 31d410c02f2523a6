"""A platform as `agora up` starts it, in a folder of its own, with the echoes published."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.benchmarks.target import VALUE, Target, free_port

ALGORITHMS = Path(__file__).resolve().parents[1] / "algorithms"
BUILDS_CACHE = Path(__file__).resolve().parents[2] / ".cache" / "builds"
"""What builds download and compile once: the platforms of all runs share it, as a machine's platform keeps it."""
START_SECONDS = 180.0
STOP_SECONDS = 60.0
CREDITS = 1_000_000


class PlatformUnderTest:
    """Calls go by the demonstration account's key: known, allowed, rated, charged and recorded like anybody's."""

    def __init__(self, home: Path, port: int, environ: dict[str, str]) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self._port = port
        self._key = json.loads((home / "demo.json").read_text())["api_key"]
        self.environ = environ | {
            "AGORA_SECRET_KEY_FILE": str(home / "secret_key"),
            "DATABASE_URL": f"postgresql://postgres@/agora?host={home}/run/postgres",
            "REDIS_URL": f"unix://{home}/run/redis.sock?db=0",
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        }
        """For processes that work inside the platform."""

    def pid_of(self, name: str) -> int:
        """Of one of the platform's processes; 0 while it is being started."""
        return int((self.home / "run" / f"{name}.pid").read_text() or 0)

    def fill(self, algorithms: int, versions_each: int, owners: int) -> None:
        """Publishes so many algorithms that nobody calls."""
        self._run("fill", *map(str, (algorithms, versions_each, owners)))

    def copy(self, targets: Sequence[Target], count: int) -> list[list[Target]]:
        """For each target, `count` more versions of it that nobody has called."""
        names = ["/".join(target.path.split("/")[3:5]) for target in targets]
        made = json.loads(self._run("copies", str(count), *names))
        return [
            [replace(target, path=f"/v1/algo/{name}/{number}") for number in made[name]]
            for target, name in zip(targets, names, strict=True)
        ]

    def _run(self, module: str, *arguments: str) -> str:
        """What a module of the benchmarks prints, that works inside the platform."""
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
        return subprocess.run(command, env=self.environ, stdout=subprocess.PIPE, text=True, check=True).stdout

    def publish(self, name: str, folder: Path) -> Target:
        """Publishes `folder` and answers how to call the version that this made."""
        with Platform(Credentials(address=self.address, key=self._key)) as platform:
            published = publish_folder(platform, folder, read_manifest(folder), echo=lambda _: None)
        return Target(
            name=name,
            port=self._port,
            path=f"/v1/algo/{published.reference}/{published.version}",
            body=json.dumps(VALUE).encode(),
            authorization=f"Simple {self._key}",
            find_echo=lambda answer: answer["result"],
        )

    def publish_changed(self, name: str, folder: Path, mark: int) -> Target:
        """The same with a line more in the entry, so that it is a version that has never run."""
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(shutil.copytree(folder, Path(scratch) / folder.name, ignore=shutil.ignore_patterns("__py*")))
            entry = copy / read_manifest(copy).entry_path()
            sign = "//" if entry.suffix == ".js" else "#"
            entry.write_text(f"{entry.read_text()}{sign} {mark}\n")
            return self.publish(name, copy)


@contextmanager
def running_platform(**variables: str) -> Iterator[PlatformUnderTest]:
    """Starts it with these settings, and stops it at the end. Raises TimeoutError with what it said."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="agora-bench-") as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
        environ |= {"AGORA_HOME": home, "AGORA_EXAMPLES": "none", "AGORA_FREE_CREDITS": str(CREDITS), **variables}
        BUILDS_CACHE.mkdir(parents=True, exist_ok=True)
        (Path(home) / "cache").mkdir()
        (Path(home) / "cache" / "builds").symlink_to(BUILDS_CACHE)
        log = Path(home) / "up.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "marketplace.cli", "up", "--port", str(port)]
            process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(process, log)
            yield PlatformUnderTest(Path(home), port, environ)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ready after" not in (said := log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"The platform does not start. It said:\n{said}")
        time.sleep(0.1)
