"""Runs the programs that a build needs, within the build's time, with their output in the build's log."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import IO

from execution.builds.watch import CANCELLED, Allowance, watching
from execution.errors import BuildFailed

PASSED_ON = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")
PASSED_ON_PREFIXES = ("UV_", "NPM_CONFIG_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
"""Compared in upper case. Nothing else of the platform's environment, its secrets least of all, reaches a build."""
LONGEST_LINE = 2_000
MOST_LINES = 5_000


class Steps:
    """Programs run one after the other; all of them together may take `seconds`, and each the allowance."""

    def __init__(
        self,
        *,
        seconds: float,
        log: Callable[[str], None],
        allowance: Allowance,
        cancelled: threading.Event | None = None,
    ) -> None:
        self._cancelled = cancelled or threading.Event()
        self._seconds = seconds
        self._allowance = allowance
        self._deadline = time.monotonic() + seconds
        self._log = log

    def reporting_to(self, log: Callable[[str], None]) -> "Steps":
        """The same steps, within the same time, with their output elsewhere."""
        other = copy(self)
        other._log = log
        return other

    def run(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> int:
        """Runs `command` in `folder` and answers its exit status. Raises BuildFailed when the build takes too much."""
        if self._cancelled.is_set():
            raise BuildFailed(CANCELLED)
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=passed_on(os.environ) | {"HOME": os.fspath(folder)} | dict(environment or {}),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        timer = threading.Timer(max(0.0, self._deadline - time.monotonic()), end_group, [process.pid])
        timer.start()
        try:
            with watching(process.pid, self._allowance, lambda: end_group(process.pid), self._cancelled) as watch:
                status = self._follow(process)
        finally:
            timer.cancel()
            end_group(process.pid)
        if watch.exceeded:
            raise BuildFailed(watch.exceeded)
        return status

    def _follow(self, process: subprocess.Popen[str]) -> int:
        assert process.stdout is not None, "opened as a pipe"
        with process.stdout as output:
            self._copy(output)
        status = process.wait()
        if time.monotonic() >= self._deadline:
            raise BuildFailed(f"The build took longer than {self._seconds:.0f} seconds and was stopped.")
        return status

    def _copy(self, output: IO[str]) -> None:
        for number, line in enumerate(output):
            if number < MOST_LINES:
                self._log(line.rstrip()[:LONGEST_LINE])
            elif number == MOST_LINES:
                self._log("(further output of this step is left out)")


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that a step may see."""
    return {
        name: value
        for name, value in environment.items()
        if name in PASSED_ON or name.upper().startswith(PASSED_ON_PREFIXES)
    }


def end_group(leader: int) -> None:
    """Kills a step and what it started; does nothing when they have ended."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
