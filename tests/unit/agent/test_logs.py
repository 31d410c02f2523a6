"""The end of what a slot prints."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from execution.agent.logs import TAIL_SIZE, LogTail
from execution.protocol.redaction import Redactor


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The reading end belongs to whoever takes it."""
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    with suppress(OSError):
        os.close(writing)


async def read_all(pipe: tuple[int, int], content: bytes) -> str:
    reading, writing = pipe
    tail = LogTail(reading)
    await asyncio.to_thread(write_all, writing, content)
    tail.close()
    return tail.text()


def write_all(descriptor: int, content: bytes) -> None:
    while content:
        content = content[os.write(descriptor, content) :]


async def test_what_is_short_is_kept(pipe: tuple[int, int]) -> None:
    assert await read_all(pipe, "first\nsecond é\n".encode()) == "first\nsecond é\n"


async def test_secrets_are_left_out_however_they_arrive(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    tail = LogTail(reading)
    tail.hide(Redactor(["hunter-two-and-three"]))
    assert tail.read(listen=True) == ""
    for part in (b"x" * TAIL_SIZE, b" it is hunter-two", b"-and-three, and aHVudGVyLXR3by1hbmQtdGhyZWU=\n"):
        await asyncio.to_thread(write_all, writing, part)
        await asyncio.sleep(0)
    heard = tail.read(listen=False)
    assert heard.endswith("x it is [secret], and [secret]=\n")
    assert tail.text() == heard[-TAIL_SIZE:]
    tail.close()


async def test_of_what_is_long_the_last_whole_lines_are_kept(pipe: tuple[int, int]) -> None:
    lines = [f"line {number}\n" for number in range(100_000)]
    text = await read_all(pipe, "".join(lines).encode())
    assert TAIL_SIZE - 20 < len(text) <= TAIL_SIZE
    assert "".join(lines).endswith("\n" + text)


async def test_one_endless_line_is_cut(pipe: tuple[int, int]) -> None:
    assert await read_all(pipe, b"x" * 1_000_000) == "x" * TAIL_SIZE


async def test_exactly_what_fits_is_whole(pipe: tuple[int, int]) -> None:
    content = b"a\n" + b"b" * (TAIL_SIZE - 2)
    assert await read_all(pipe, content) == content.decode()


async def test_what_is_no_text_is_kept_as_well_as_can_be(pipe: tuple[int, int]) -> None:
    assert await read_all(pipe, b"\xff\0\n") == "\ufffd\0\n"


async def test_it_drains_without_being_asked(pipe: tuple[int, int]) -> None:
    tail = LogTail(pipe[0])
    await asyncio.wait_for(asyncio.to_thread(write_all, pipe[1], b"x" * 10_000_000), 10)
    tail.close()


async def test_the_end_of_the_pipe_is_the_end(pipe: tuple[int, int]) -> None:
    tail = LogTail(pipe[0])
    os.write(pipe[1], b"farewell\n")
    os.close(pipe[1])
    await asyncio.sleep(0.01)
    tail.close()
    tail.close()
    assert tail.text() == "farewell\n"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(pipe[0])
