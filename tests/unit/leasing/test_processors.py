"""Whether there is a processor to spare."""

from pathlib import Path

import pytest

from execution.leasing import processors
from execution.leasing.processors import TICKS_PER_SECOND, Processors

IDLE_FIELD = 3


class Machine:
    """A clock, this thread's clock, and the kernel's count of idle seconds."""

    def __init__(self, stat: Path) -> None:
        self.stat = stat
        self.seconds = self.thread_seconds = 100.0
        self.work(0, thread=0, idle=1_000)

    def work(self, seconds: float, *, thread: float, idle: float) -> None:
        """Lets time pass; `idle` is what the kernel says since it started."""
        self.seconds += seconds
        self.thread_seconds += thread
        times = [100] * 10
        times[IDLE_FIELD] = round(idle * TICKS_PER_SECOND)
        self.stat.write_text(f"cpu  {' '.join(map(str, times))}\ncpu0 1 2 3\n")

    def perf_counter(self) -> float:
        return self.seconds

    def thread_time(self) -> float:
        return self.thread_seconds


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path / "stat")
    monkeypatch.setattr(processors, "time", machine)
    return machine


@pytest.mark.parametrize(
    ("thread", "idle", "spare"),
    [(0.2, 1_001.5, True), (0.2, 1_000.6, True), (0.2, 1_000.4, False), (0.8, 1_001.0, False)],
)
def test_a_processor_and_the_loop_must_have_time(machine: Machine, thread: float, idle: float, spare: bool) -> None:
    measured = Processors(machine.stat)
    machine.work(1, thread=thread, idle=idle)
    assert measured.have_spare() is spare


def test_what_was_before_counts_no_more(machine: Machine) -> None:
    measured = Processors(machine.stat)
    machine.work(1, thread=0.9, idle=1_000)
    measured.begin()
    machine.work(1, thread=0.1, idle=1_001)
    assert measured.have_spare()


def test_this_machine_can_be_read() -> None:
    assert Processors().have_spare() in (True, False)
