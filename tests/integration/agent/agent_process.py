"""A real agent as a process, in a home of its own, with artifacts from that home's storage folder."""

import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from execution.agent.machine import name_place
from execution.agent.service import run_agent
from execution.builds.artifact import pack_artifact
from execution.builds.base import BuildLimits
from execution.config import AgentConfig
from execution.leasing.agent_link import connect
from execution.protocol.agent_messages import VersionSpec
from execution.sandbox.key_ring import take_new_key_ring
from execution.sandbox.limits import choose_resource_groups
from execution.sandbox.watched import descendants

WAIT_SECONDS = 20.0
ECHO_PYTHON = {"src/echo.py": "def apply(input):\n    return input\n"}
ECHO_JAVASCRIPT = {"src/echo.js": "exports.apply = (input) => input;\n"}


class AgentProcess:
    """Use it as a context manager: it starts in a new home, and leaves nothing behind."""

    def __init__(self, *, path: str = "", start: Sequence[str] = (), **settings: str) -> None:
        """`settings` are variables of AgentConfig.from_environment, without AGORA_; `start` begins its command line."""
        self._start = start
        self.home = Path(tempfile.mkdtemp(prefix="agora-agent-"))  # short, since sockets are opened in it
        self.storage = self.home / "storage"
        self.storage.mkdir()
        self._settings = {f"AGORA_{name}": value for name, value in settings.items()}
        if path:
            self._settings["PATH"] = path
        self.place = name_place(self.home)
        self._log = self.home / "agent.log"

    def __enter__(self) -> "AgentProcess":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.home)
        choose_resource_groups(self.place).close()  # what only the next agent of a killed one would remove
        shutil.rmtree(Path("/run") / self.place, ignore_errors=True)

    @property
    def socket(self) -> Path:
        return self.home / "run" / "agent.sock"

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def cgroup_folders(self) -> list[Path]:
        """The groups of this agent's slots, in all hierarchies."""
        return [folder for place in self.cgroup_places for folder in place.glob("*/")]

    @property
    def cgroup_places(self) -> list[Path]:
        """This agent's part of each hierarchy."""
        root = Path("/sys/fs/cgroup")
        return [*root.glob(f"*/{self.place}"), *root.glob(self.place)]

    @property
    def slot_folders(self) -> set[str]:
        return {path.name for path in (self.home / "slots").glob("[0-9]*")}

    def start(self) -> None:
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._start, sys.executable, "-m", "tests.integration.agent.agent_process", str(self.home)],
                env={**os.environ, **self._settings}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: self._listens() or self.process.poll() is not None, "the agent")
        assert self.process.poll() is None, self.log

    def _listens(self) -> bool:
        try:
            connect(self.socket).close()
        except OSError:
            return False
        return True

    def stop(self) -> int:
        """Asks it to stop; its exit code."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(WAIT_SECONDS)
        finally:
            self.process.kill()

    def processes(self) -> list[int]:
        """The agent and all processes below it."""
        return list(descendants(self.process.pid))

    def wait_for_slots(self, number: int) -> None:
        """Returns when so many slots exist, warm ones and leased ones."""
        wait_until(lambda: len(self.slot_folders) == number, f"{number} slots")

    def publish(self, files: Mapping[str, str]) -> str:
        """Stores an artifact with these files; its digest."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            built = pack_artifact(Path(folder), self.storage / "new.tar", BuildLimits())
        built.path.rename(self.storage / f"{built.digest}.tar")
        return built.digest

    def store(self, members: Mapping[tarfile.TarInfo, bytes]) -> str:
        """Stores an artifact that no build would make; its digest."""
        path = self.storage / "new.tar"
        with tarfile.open(path, "w") as tar:
            for member, content in members.items():
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        digest = sha256(path.read_bytes()).hexdigest()
        path.rename(self.storage / f"{digest}.tar")
        return digest


def python_spec(digest: str, version_id: str = "", **changes: object) -> VersionSpec:
    """A version whose entry is src/echo.py."""
    fields = {
        "version_id": version_id or digest,
        "name": "echo",
        "artifact": digest,
        "environment": "python3",
        "entry": "src/echo.py",
        "timeout_seconds": 30,
        "memory_bytes": 256 << 20,
        "network": False,
        "calls_others": False,
    }
    return VersionSpec(**{**fields, **changes})  # type: ignore[arg-type]


def javascript_spec(digest: str) -> VersionSpec:
    """A version whose entry is src/echo.js."""
    return python_spec(digest, environment="javascript", entry="src/echo.js")


def wait_until(condition: Callable[[], object], what: str = "") -> None:
    """Polls; fails after WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what or condition}"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Whether the process runs: a zombie does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def main() -> None:
    """What the process runs."""
    logging.basicConfig(level=logging.INFO)
    take_new_key_ring()  # as one has after a login
    home = Path(sys.argv[1])
    run_agent(AgentConfig.from_environment(home), lambda digest: (home / "storage" / f"{digest}.tar").open("rb"))


if __name__ == "__main__":
    main()
