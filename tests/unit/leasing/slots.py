"""Slots without an agent: their channel is a transport that only remembers."""

import asyncio
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

from execution.leasing.slot import LeasedSlot
from execution.leasing.usage import UsageReader
from execution.protocol.agent_messages import VersionSpec

SPEC = VersionSpec(
    version_id="version-1",
    name="echo",
    artifact="0" * 64,
    environment="python3",
    entry="src/echo.py",
    timeout_seconds=10,
    memory_bytes=256 << 20,
    network=False,
    calls_others=False,
)
numbers = count(1)


class Transport(asyncio.Transport):
    """Open until it is aborted."""

    def __init__(self) -> None:
        super().__init__()
        self.closing = False

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True

    def write(self, data: bytes) -> None:  # type: ignore[override]
        pass


def make_usage() -> UsageReader:
    """Of a slot that uses nothing."""
    return UsageReader("cgroup1", [os.open(os.devnull, os.O_RDWR), os.open(os.devnull, os.O_RDWR)])


def make_slot(on_lost: Callable[[LeasedSlot], None] = lambda slot: None) -> LeasedSlot:
    """A slot whose channel is open; needs a running loop. Its owner calls `connection_lost`."""
    slot = LeasedSlot(slot_id=next(numbers), load_us=1_000, usage=make_usage(), on_lost=on_lost)
    slot.connection_made(Transport())
    slot.note_open()
    return slot


def list_descriptors() -> set[int]:
    """Those that this process has open."""
    return {int(path.name) for path in Path("/proc/self/fd").iterdir()}


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns when it is so."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.001)
