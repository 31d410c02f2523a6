"""Whether the machine could do more at the same time than it does."""

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
SPARE_PROCESSORS = 0.5
BUSY_LOOP_SHARE = 0.75
"""A loop that is busy for a greater share of the time is what the calls wait for, and not their slots."""


class Processors:
    """Measures from `begin` to the question: 0.1 s or more, since the kernel counts in steps of 10 ms."""

    def __init__(self, stat: Path = STAT) -> None:
        """`stat` is the kernel's table of what each processor did."""
        self._stat = stat
        self.begin()

    def begin(self) -> None:
        """Forgets what was."""
        self._idle = self._read_idle()
        self._thread = time.thread_time()
        self._began = time.perf_counter()

    def have_spare(self) -> bool:
        """Whether a processor was idle for half of the time since `begin`, and this thread for a quarter."""
        seconds = time.perf_counter() - self._began
        thread = time.thread_time() - self._thread
        idle = self._read_idle() - self._idle
        return idle > SPARE_PROCESSORS * seconds and thread < BUSY_LOOP_SHARE * seconds

    def _read_idle(self) -> float:
        """Seconds that the machine's processors were idle, or had only a disk to wait for, since it started."""
        with self._stat.open(encoding="ascii") as lines:
            fields = next(lines).split()
        return (int(fields[4]) + int(fields[5])) / TICKS_PER_SECOND
