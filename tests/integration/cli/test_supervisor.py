"""The supervisor, with real processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from marketplace.cli.processes import BOUND_LAUNCH, Program
from marketplace.cli.supervisor import Supervisor

T = TypeVar("T")
PATIENCE_SECONDS = 10.0
SLEEP = "import time; time.sleep(600)"
SAY_NICENESS = "import os; print(os.nice(0))"
DROP_CAPABILITY, SYS_NICE = 24, 23
"""For prctl: without it root may not be sooner than others either."""
PARENT = """
import os, sys, time
from pathlib import Path
from typing import TypeVar
from marketplace.cli.processes import Program
from marketplace.cli.supervisor import Supervisor
folder = Path(sys.argv[1])
supervisor = Supervisor(environ=os.environ, logs=folder, pids=folder, report=print)
supervisor.start(Program("child", (sys.executable, "-c", "import time; time.sleep(600)")))
time.sleep(600)
"""


def python(name: str, code: str, stop_seconds: float = 5.0) -> Program:
    return Program(name, (sys.executable, "-c", code), stop_seconds=stop_seconds)


def wait_for(look: Callable[[], T]) -> T:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return found


def read_pid(path: Path) -> int:
    return int(path.read_text() or 0) if path.exists() else 0


@pytest.fixture
def reports() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path: Path, reports: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(environ=os.environ, logs=tmp_path, pids=tmp_path, report=reports.append)
    yield supervisor
    supervisor.stop()


def test_a_program_has_the_niceness_that_it_is_given(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(replace(python("late", SLEEP), niceness=3))
    pid = wait_for(lambda: read_pid(tmp_path / "late.pid"))
    wait_for(lambda: psutil.Process(pid).nice() == 3)
    session = Path(f"/proc/{pid}/autogroup")
    if session.exists():  # then it alone counts between sessions
        wait_for(lambda: session.read_text().endswith(" nice 3\n"))


def test_a_program_starts_without_the_niceness_that_its_user_may_not_have() -> None:
    launch = [sys.executable, str(BOUND_LAUNCH), str(os.getpid()), "9", "-", "-3", sys.executable, "-c", SAY_NICENESS]
    prctl = f"ctypes.CDLL(None).prctl({DROP_CAPABILITY}, {SYS_NICE})"
    drop = f"import ctypes, os; {prctl}; os.execv({launch[0]!r}, {launch!r})"
    said = subprocess.run([sys.executable, "-c", drop], stdout=subprocess.PIPE, text=True, check=True).stdout
    assert int(said) == os.nice(0)


def test_a_program_that_dies_is_started_again(supervisor: Supervisor, reports: list[str], tmp_path: Path) -> None:
    supervisor.start(python("sleeper", SLEEP))
    first = wait_for(lambda: read_pid(tmp_path / "sleeper.pid"))
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: read_pid(tmp_path / "sleeper.pid") not in {0, first})
    assert supervisor.deaths_of("sleeper") == 1
    assert reports == [f"sleeper was killed by signal 9; starting it again. Its log: {tmp_path}/sleeper.log"]


def test_one_that_cannot_start_is_tried_ever_less_often(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(python("broken", "print('No luck.', flush=True); raise SystemExit(3)"))
    time.sleep(2.0)
    assert 2 <= supervisor.deaths_of("broken") <= 5
    assert "No luck." in (tmp_path / "broken.log").read_text()


def test_a_stop_ends_a_program_that_does_not_want_to(supervisor: Supervisor, tmp_path: Path) -> None:
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    supervisor.start(python("deaf", deaf, stop_seconds=0.5))
    wait_for(lambda: "deaf" in (tmp_path / "deaf.log").read_text())
    pid = read_pid(tmp_path / "deaf.pid")
    supervisor.stop()
    assert not psutil.pid_exists(pid)
    assert not (tmp_path / "deaf.pid").exists()


def test_what_a_dead_program_started_ends_with_it(supervisor: Supervisor, tmp_path: Path) -> None:
    parent = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', '{SLEEP}']); print(child.pid)"
    supervisor.start(python("parent", f"{parent}; sys.stdout.flush(); child.wait()"))
    grandchild = int(wait_for((tmp_path / "parent.log").read_text).split()[0])
    os.kill(read_pid(tmp_path / "parent.pid"), signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(grandchild))


def test_it_stops_the_last_started_first(supervisor: Supervisor, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    for name in ("first", "second"):
        code = (
            "import signal, sys, time\n"
            f"signal.signal(signal.SIGTERM, lambda *_: (open({str(marks)!r}, 'a').write('{name} '), sys.exit()))\n"
            "print('ready', flush=True)\ntime.sleep(600)"
        )
        supervisor.start(python(name, code))
        wait_for((tmp_path / f"{name}.log").read_text)
    supervisor.stop()
    assert marks.read_text() == "second first "


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)]) as parent:
        child = wait_for(lambda: read_pid(tmp_path / "child.pid"))
        parent.kill()
        parent.wait()
    wait_for(lambda: not psutil.pid_exists(child))
