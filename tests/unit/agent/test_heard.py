"""What a slot prints during a call, for a caller who asked for it."""

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from execution.agent.logs import HEARD_SIZE, LEFT_OUT, LogTail


class Printed:
    """The log of a slot, and the end that the slot writes to."""

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        os.set_blocking(reading, False)
        self.log = LogTail(reading)

    async def write(self, content: bytes) -> None:
        await asyncio.to_thread(os.write, self._writing, content)

    def close(self) -> None:
        self.log.close()
        os.close(self._writing)


@pytest.fixture
async def printed() -> AsyncIterator[Printed]:
    made = Printed()
    yield made
    made.close()


async def test_what_was_printed_while_somebody_listened(printed: Printed) -> None:
    await printed.write(b"before\n")
    assert printed.log.read(listen=True) == ""
    await printed.write("é\n".encode())
    await asyncio.sleep(0)  # the loop reads some of it
    await printed.write(b"more\n")
    assert printed.log.read(listen=False) == "é\nmore\n"
    await printed.write(b"after\n")
    assert printed.log.read(listen=False) == ""
    assert printed.log.text() == "before\né\nmore\nafter\n", "the tail is kept all the same"


async def test_a_listener_is_told_a_limited_part(printed: Printed) -> None:
    printed.log.read(listen=True)
    for _ in range(HEARD_SIZE // 1000 + 50):
        await printed.write(b"x" * 1000)
    heard = printed.log.read(listen=True).encode()
    assert heard == b"x" * HEARD_SIZE + LEFT_OUT
    await printed.write(b"of the next call")
    assert printed.log.read(listen=False) == "of the next call"
