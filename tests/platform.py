"""Pytest plugin: the fixture `platform`, one real platform for all the tests that ask for it.

It is started by `agora up` at the first demand, in a folder and at a port of its own, and stopped at the end. Tests
that use it are put into one pytest-xdist group, so that they share it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

EXAMPLES = "hello,text_statistics,markdown_to_html,fruit_classifier,fruit_or_vegetable,seefood,vegetable_classifier"
START_SECONDS = 100.0
STOP_SECONDS = 60.0
INHERITED = ("AGORA_", "DATABASE_URL", "REDIS_URL", "DJANGO_", "PYTEST_", "CELERY_")
"""Variables of the test run that a platform must not get."""


@dataclass(frozen=True)
class RunningPlatform:
    """A platform that `agora up` runs, and what it printed."""

    address: str
    home: Path
    demo_username: str
    demo_password: str
    demo_key: str
    environ: dict[str, str]
    """For subprocesses: `agora publish` and `agora call` find the platform by it, and Django its databases."""
    printed: str


class UpProcess:
    """`agora up` in a folder, at a port, as a process that can be asked, killed and stopped."""

    def __init__(self, home: Path, port: int, **variables: str) -> None:
        self.home = home
        self.address = f"http://127.0.0.1:{port}"
        self._output = home / "up.txt"
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(INHERITED)},
            "AGORA_HOME": str(home),
            "AGORA_PORT": str(port),
            "AGORA_EXAMPLES": "hello",
            "AGORA_PAGE_CACHE_SECONDS": "0",
            "AGORA_PAGE_PROCESSES": "1",
            **variables,
        }
        home.mkdir(parents=True, exist_ok=True)
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "marketplace.cli", "up"],
                env=self.environ, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def printed(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_until_ready(self, seconds: float = START_SECONDS) -> RunningPlatform:
        """Returns when it has made its first call. Fails with what it printed when it ends, or takes too long."""
        deadline = time.monotonic() + seconds
        while "Ready after" not in self.printed:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                pytest.fail(f"agora up did not get ready:\n{self.printed}\n{_tails(self.home / 'logs')}")
            time.sleep(0.05)
        return _describe(self.home, self.address, self.environ, self.printed)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Sends the signal and returns the exit code when it has ended."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()


@pytest.fixture(scope="session")
def platform() -> Iterator[RunningPlatform]:
    """One platform for the whole run, with EXAMPLES published."""
    home = make_home()
    webhooks = {"AGORA_WEBHOOK_PRIVATE_NETWORKS": "true", "AGORA_WEBHOOK_PAUSE": "1"}  # the receivers are tests
    up = UpProcess(home, free_port(), AGORA_EXAMPLES=EXAMPLES, **webhooks)
    yield up.wait_until_ready()
    up.stop()
    shutil.rmtree(home)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Keeps the tests of the platform together on one worker."""
    if "platform" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("platform"))


def make_home() -> Path:
    """A new folder with a short path, since sockets are opened in it."""
    return Path(tempfile.mkdtemp(prefix="agora-up-"))


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def processes_of(home: Path) -> list[str]:
    """The command lines of all processes whose environment names this AGORA_HOME."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environ = (folder / "environ").read_bytes().split(b"\0")
            if f"AGORA_HOME={home}".encode() in environ:
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def _describe(home: Path, address: str, environ: Mapping[str, str], printed: str) -> RunningPlatform:
    demo = json.loads((home / "demo.json").read_text(encoding="utf-8"))
    return RunningPlatform(
        address=address,
        home=home,
        demo_username=demo["username"],
        demo_password=demo["password"],
        demo_key=demo["api_key"],
        environ={
            **environ,
            "AGORA_ADDRESS": address,
            "AGORA_API_KEY": demo["api_key"],
            "AGORA_SECRET_KEY_FILE": str(home / "secret_key"),
            "DATABASE_URL": f"postgresql://postgres@/agora?host={home}/run/postgres",
            "REDIS_URL": f"unix://{home}/run/redis.sock?db=0",
            "DJANGO_SETTINGS_MODULE": "marketplace.settings",
            "XDG_CONFIG_HOME": str(home / "config"),
        },
        printed=printed,
    )


def _tails(logs: Path) -> str:
    """The ends of the processes' logs."""
    texts = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in sorted(logs.glob("*.log"))}
    return "\n".join(f"--- {name}\n{text[-1500:]}" for name, text in texts.items())
