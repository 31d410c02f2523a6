"""What is killed, and when it runs again."""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

BACKEND = "backend"
"""A process of PostgreSQL's that its postmaster started: it takes all of its connections with it."""
TARGETS = ("web", "agent", "builder", "worker", "caller", "beat", "drain", "redis", "postgres", BACKEND)
TWO_AT_ONCE = 0.25
RECOVERY_SECONDS = 120.0


class Kills:
    """Kills the processes of a platform by their pid files."""

    def __init__(self, run: Path, chance: random.Random) -> None:
        self._run = run
        self._chance = chance

    def choose(self) -> Iterator[tuple[str, ...]]:
        """What is to be killed next, without end: in each round every target once, in some order, now and then two."""
        while True:
            order = self._chance.sample(TARGETS, len(TARGETS))
            while order:
                count = 2 if len(order) > 1 and self._chance.random() < TWO_AT_ONCE else 1
                yield tuple(order.pop() for _ in range(count))

    async def kill(self, names: tuple[str, ...]) -> None:
        """Kills them at once, and returns when others run in their places."""
        killed = {name: self._pid_of(name) for name in names}
        for pid in killed.values():
            with suppress(ProcessLookupError):  # a backend that has just ended
                os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(RECOVERY_SECONDS):
            for name, pid in killed.items():
                while name != BACKEND and self._read_pid(name) in {pid, 0}:  # noqa: ASYNC110 - another writes it
                    await asyncio.sleep(0.02)

    def _pid_of(self, name: str) -> int:
        if name != BACKEND:
            return self._read_pid(name)
        postmaster = self._read_pid("postgres")
        try:
            children = psutil.Process(postmaster).children()
        except psutil.NoSuchProcess:
            children = []
        return self._chance.choice(children).pid if children else postmaster

    def _read_pid(self, name: str) -> int:
        """0 while the file is being written."""
        return int((self._run / f"{name}.pid").read_text() or 0)
