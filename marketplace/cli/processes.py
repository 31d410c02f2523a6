"""Starting and stopping one process of the platform."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BOUND_LAUNCH = Path(__file__).with_name("bound_launch.py")


@dataclass(frozen=True)
class Program:
    """A program and how it is run and stopped."""

    name: str
    command: tuple[str, ...]
    """The first word is the path of a program."""
    user: int | None = None
    """The number of the user and group to run as, when not this process's."""
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    """What it gets when the process that started it dies."""
    niceness: int = 0
    """How much later than others it gets a processor; below 0, where the user may, how much sooner."""
    stop_seconds: float = 10.0
    """How long it may take to stop before it is killed."""


def launch(program: Program, environ: Mapping[str, str], log: IO[bytes] | int) -> subprocess.Popen[bytes]:
    """Starts it in a session of its own (Ctrl-C in a terminal does not reach it); it ends with the calling thread."""
    user = "-" if program.user is None else str(program.user)
    bound = [
        sys.executable,
        "-I",
        "-S",
        os.fspath(BOUND_LAUNCH),
        str(os.getpid()),
        str(int(program.death_signal)),
        user,
        str(program.niceness),
    ]
    return subprocess.Popen(
        [*bound, *program.command],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        cwd="/",
    )


def stop(process: subprocess.Popen[bytes], program: Program) -> None:
    """Asks it to stop, and kills it with its whole group when that takes too long."""
    with suppress(ProcessLookupError):
        process.send_signal(program.stop_signal)
    with suppress(subprocess.TimeoutExpired):
        process.wait(program.stop_seconds)
    kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends what is left of the process and of the processes that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
