"""A platform as `agora up` starts it, in a folder of its own, with the echoes published."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.benchmarks.target import VALUE, Target, free_port

ALGORITHMS = Path(__file__).resolve().parents[1] / "algorithms"
START_SECONDS = 180.0
STOP_SECONDS = 60.0
CREDITS = 1_000_000


class PlatformUnderTest:
    """Calls go by the demonstration account's key: known, allowed, rated, charged and recorded like anybody's."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key

    def publish(self, name: str, folder: Path) -> Target:
        """Publishes `folder` and answers how to call the version that this made."""
        with Platform(Credentials(address=f"http://127.0.0.1:{self._port}", key=self._key)) as platform:
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
def running_platform() -> Iterator[PlatformUnderTest]:
    """Starts it, and stops it at the end. Raises TimeoutError with what it said."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="agora-bench-") as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("AGORA_")}
        environ |= {"AGORA_HOME": home, "AGORA_EXAMPLES": "none", "AGORA_FREE_CREDITS": str(CREDITS)}
        log = Path(home) / "up.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "marketplace.cli", "up", "--port", str(port)]
            process = subprocess.Popen(command, env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait(process, log)
            yield PlatformUnderTest(port, json.loads((Path(home) / "demo.json").read_text())["api_key"])
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_SECONDS)


def _wait(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ready after" not in (said := log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise TimeoutError(f"The platform does not start. It said:\n{said}")
        time.sleep(0.1)
