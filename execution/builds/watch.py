"""Looks at a step of a build several times a second, and ends it when it takes more than it may.

The kernel limits each process of a step by itself; what all of them take together is looked at here.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from execution.sandbox.watched import WatchedProcesses

LOOK_SECONDS = 0.1
CANCELLED = "The build was cancelled."
DISK_EVERY = 10
"""Looks at the disk that seldom: it has more to look at."""


@dataclass(frozen=True)
class Allowance:
    """What one step's processes may take together, in bytes."""

    memory: int
    disk: int
    """In `folders`, with what was there before."""
    folders: Sequence[Path] = ()
    disk_left: int = 1 << 30
    """What stays free on the disk of each folder, for the platform."""


class Watch:
    """One step that runs."""

    def __init__(self, pid: int, allowance: Allowance, end: Callable[[], None], cancelled: threading.Event) -> None:
        self.exceeded = ""
        """For the author: why the step was ended."""
        self._allowance = allowance
        self._end = end
        self._cancelled = cancelled
        self._processes = WatchedProcesses(allowance.memory)
        self._processes.adopt(pid)
        self._over = threading.Event()

    def stop(self) -> None:
        """The step has ended."""
        self._over.set()

    def look(self) -> None:
        """Until the step has ended, or has taken too much."""
        looks = 0
        while not self.exceeded and not self._over.wait(LOOK_SECONDS):
            looks += 1
            self._processes.enforce()
            if self._cancelled.is_set():
                self.exceeded = CANCELLED
            elif self._processes.was_out_of_memory():
                self.exceeded = f"The build used more memory than {self._allowance.memory >> 20} MiB and was stopped."
            elif looks % DISK_EVERY == 0 and self._takes_too_much_disk():
                self.exceeded = f"The build wrote more than {self._allowance.disk >> 20} MiB, or all that is free."
        if self.exceeded:
            self._end()

    def _takes_too_much_disk(self) -> bool:
        folders = self._allowance.folders
        if any(shutil.disk_usage(folder).free < self._allowance.disk_left for folder in folders if folder.is_dir()):
            return True
        return sum(map(_size_of, folders)) > self._allowance.disk


@contextmanager
def watching(pid: int, allowance: Allowance, end: Callable[[], None], cancelled: threading.Event) -> Iterator[Watch]:
    """Looks at the process `pid` and those below it, and calls `end` when they take too much, or are not wanted."""
    watch = Watch(pid, allowance, end, cancelled)
    thread = threading.Thread(target=watch.look, name="watch")
    thread.start()
    try:
        yield watch
    finally:
        watch.stop()
        thread.join()


def _size_of(folder: Path) -> int:
    """What its files take; those that go away in the meantime do not count."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_blocks * 512  # noqa: PTH118 - many files
            except OSError:
                continue
    return total
