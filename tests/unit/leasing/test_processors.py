"""Whether there is a processor to spare."""

import time
from pathlib import Path

from execution.leasing.processors import TICKS_PER_SECOND, Processors

IDLE_FIELD = 3


def write_stat(path: Path, *, idle_seconds: float) -> None:
    times = [100] * 10
    times[IDLE_FIELD] = round(idle_seconds * TICKS_PER_SECOND)
    path.write_text(f"cpu  {' '.join(map(str, times))}\ncpu0 1 2 3\n")


def test_an_idle_machine_and_an_idle_thread(tmp_path: Path) -> None:
    write_stat(tmp_path / "stat", idle_seconds=1_000)
    processors = Processors(tmp_path / "stat")
    time.sleep(0.02)
    write_stat(tmp_path / "stat", idle_seconds=2_000)
    assert processors.have_spare()
    processors.begin()
    assert not processors.have_spare(), "what was before counts no more"


def test_a_busy_machine(tmp_path: Path) -> None:
    write_stat(tmp_path / "stat", idle_seconds=1_000)
    processors = Processors(tmp_path / "stat")
    time.sleep(0.02)
    assert not processors.have_spare()


def test_a_busy_thread(tmp_path: Path) -> None:
    """Several tries, because a thread that is not let run is not busy."""
    for _ in range(200):
        write_stat(tmp_path / "stat", idle_seconds=1_000)
        processors = Processors(tmp_path / "stat")
        write_stat(tmp_path / "stat", idle_seconds=2_000)
        until = time.thread_time() + 0.005
        while time.thread_time() < until:
            pass
        if not processors.have_spare():
            return
    raise AssertionError("a thread that computes all the time was never found busy")


def test_this_machine_can_be_read() -> None:
    processors = Processors()
    assert processors.have_spare() in (True, False)
