"""Keeps the platform's processes running: one that dies is started again, sooner after a long life than a short one."""

import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from marketplace.cli.processes import Program, kill_group, launch, stop

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
LONG_LIFE = 10.0
"""Seconds after which a death is taken as an accident, and the next start waits for FIRST_PAUSE only."""
LARGEST_LOG = 10 * 1024 * 1024
"""Bytes; a log that is larger at a start is kept as <name>.log.1."""
Report = Callable[[str], None]


class Supervisor:
    """Starts programs in the order given, and stops them in the reverse of it.

    The pid of each stands in `pids`/<name>.pid, what each prints in `logs`/<name>.log.
    """

    def __init__(self, *, environ: Mapping[str, str], logs: Path, pids: Path, report: Report) -> None:
        self._environ = environ
        self._logs = logs
        self._pids = pids
        self._report = report
        self._keepers: dict[str, _Keeper] = {}

    def start(self, program: Program) -> None:
        """Starts the program and keeps it running until stop()."""
        log = open_log(self._logs / f"{program.name}.log")
        keeper = _Keeper(program, self._environ, log, self._pids / f"{program.name}.pid", self._report)
        self._keepers[program.name] = keeper
        keeper.start()

    def stop_one(self, name: str) -> None:
        """Stops a program for good, if it was started."""
        if keeper := self._keepers.pop(name, None):
            keeper.stop()

    def stop(self) -> None:
        """Stops every program, the last started first. Safe to repeat."""
        while self._keepers:
            _, keeper = self._keepers.popitem()
            keeper.stop()

    def deaths_of(self, name: str) -> int:
        """How often the program has died unasked."""
        return self._keepers[name].deaths


class _Keeper(threading.Thread):
    """Runs one program for as long as it is wanted. The thread lives as long: the kernel ends children with it."""

    def __init__(self, program: Program, environ: Mapping[str, str], log: IO[bytes], pid: Path, report: Report) -> None:
        super().__init__(name=f"keeper of {program.name}", daemon=True)
        self.deaths = 0
        self._program = program
        self._environ = environ
        self._log = log
        self._pid = pid
        self._report = report
        self._unwanted = threading.Event()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        pause = FIRST_PAUSE
        while process := self._launch():
            started = time.monotonic()
            code = process.wait()
            if self._unwanted.is_set():
                return
            kill_group(process)
            self.deaths += 1
            pause = FIRST_PAUSE if time.monotonic() - started > LONG_LIFE else min(pause * 2, LONGEST_PAUSE)
            self._report(f"{self._program.name} {_how(code)}; starting it again. Its log: {self._log.name}")
            self._unwanted.wait(pause)

    def stop(self) -> None:
        """Stops the program and returns when it has ended."""
        with self._lock:
            self._unwanted.set()
            process = self._process
        if process is not None:
            stop(process, self._program)
        self.join()
        self._pid.unlink(missing_ok=True)
        self._log.close()

    def _launch(self) -> subprocess.Popen[bytes] | None:
        """The new process; None when the program is not wanted any more."""
        with self._lock:
            if self._unwanted.is_set():
                return None
            self._process = launch(self._program, self._environ, self._log)
            self._pid.write_text(f"{self._process.pid}\n", encoding="ascii")
            return self._process


def open_log(path: Path) -> IO[bytes]:
    """The file to append to; the content of a large one is kept beside it."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_name(f"{path.name}.1"))
    return path.open("ab", buffering=0)


def _how(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
