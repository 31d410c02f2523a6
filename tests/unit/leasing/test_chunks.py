"""Chunks before a response: collected into one answer, or handed on, with the runner held up by a slow reader."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import msgspec
import pytest

from execution.leasing.answers import RESPONSE_LIMIT, BrokenProtocol, ResponseTooLarge
from execution.leasing.chunks import CHUNK_MEMORY, MOST_WAITING, ChunkStream, read_chunk

from .slots import eventually
from .test_slot import Channel

END = b'{"result":"end","metadata":{"content_type":"text"},"id":"7"}\n'


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    channel = Channel()
    await channel.open()
    yield channel
    channel.slot.close()
    channel.runner.close()
    await channel.until_lost()


async def read_all(stream: ChunkStream) -> list[bytes]:
    return [bytes(chunk.content) async for chunk in stream]


@pytest.mark.parametrize(
    "pieces",
    [
        [b'{"chunk":1}\n{"chunk":[2]}\n' + END],
        [b'{"chunk":1}\n', b'{"chunk":[2]}\n', END],
        [b'{"chu', b'nk":1}\n{"chunk":[2', b"]}\n" + END[:20], END[20:]],
    ],
)
async def test_collected_into_one_answer(channel: Channel, pieces: list[bytes]) -> None:
    response = channel.slot.exchange(b"?\n")
    for piece in pieces:
        await channel.write(piece)
        await asyncio.sleep(0.002)
    assert await response == b'{"result":[1,[2]],"metadata":{"content_type":"json"},"id":"7"}\n'
    second = channel.slot.exchange(b"?\n")
    await channel.write(END)
    assert await second == END, "the chunks were of the request before"


@pytest.mark.parametrize("whole", [True, False])
async def test_handed_on_as_they_come(channel: Channel, whole: bool) -> None:
    stream = ChunkStream()
    reading = asyncio.create_task(read_all(stream))
    response = channel.slot.exchange(b"?\n", stream)
    await channel.write(b'{"chunk":1}\n{"chunk":"\xc3\xa9"}\n' + (END if whole else b""))
    if not whole:
        await eventually(lambda: stream.size == 5)
        assert not response.done()
        await channel.write(END)
    assert await response == END
    stream.end()
    assert await reading == [b"1", '"\u00e9"'.encode()]


async def test_an_error_at_the_end_is_the_answer(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    error = b'{"error":{"message":"no"}}\n'
    await channel.write(b'{"chunk":1}\n' + error)
    assert await response == error


@pytest.mark.parametrize(
    "written",
    [
        b'{"chunk":NaN}\n',
        b'{"chunk"}\n',
        b'{"chunk":1,"metadata":{"content_type":"binary"}}\n',
        b'{"chunk":"\xff"}\n',
        b'{"chunk":1}\nhello\n' + END,
        b'{"chunk":1}\n' + END + END,
        b'{"chunk":1}\n' + END + b"{",
        END + b'{"chunk":1}\n',
    ],
)
async def test_what_is_no_stream(channel: Channel, written: bytes) -> None:
    response = channel.slot.exchange(b"?\n")
    await channel.write(written)
    with pytest.raises(BrokenProtocol):
        await response


async def test_a_chunk_that_nobody_asked_for_ends_the_slot(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    await channel.write(END)
    await response
    await channel.write(b'{"chunk":1}\n')
    await channel.until_lost()


async def test_collected_chunks_are_no_larger_than_a_response(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    line = b'{"chunk":"%b"}\n' % (b"x" * (1 << 20))
    writing = asyncio.create_task(channel.write(line * (RESPONSE_LIMIT // len(line) + 2)))
    with pytest.raises(ResponseTooLarge):
        await response
    channel.slot.close()
    await asyncio.gather(writing, return_exceptions=True)


async def test_one_chunk_is_no_larger_than_a_response(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n", ChunkStream())
    writing = asyncio.create_task(channel.write(b'{"chunk":"%b"}\n' % (b"x" * RESPONSE_LIMIT)))
    with pytest.raises(ResponseTooLarge):
        await response
    channel.slot.close()
    await asyncio.gather(writing, return_exceptions=True)


async def test_a_runner_waits_for_a_slow_reader(channel: Channel) -> None:
    stream = ChunkStream()
    response = channel.slot.exchange(b"?\n", stream)
    count = 20
    line = b'{"chunk":"%b"}\n' % (b"x" * (MOST_WAITING // 4))
    writing = asyncio.create_task(channel.write(line * count + END))
    await eventually(lambda: stream.size > MOST_WAITING)
    await asyncio.sleep(0.05)
    assert stream.size < 2 * MOST_WAITING, "nothing more is read while nobody takes it"
    assert not writing.done()
    reading = asyncio.create_task(read_all(stream))
    assert await response == END
    stream.end()
    assert len(await reading) == count
    await writing


async def test_small_chunks_that_wait_are_few(channel: Channel) -> None:
    """Each takes memory of its own, beyond its content."""
    stream = ChunkStream()
    response = channel.slot.exchange(b"?\n", stream)
    count = 200_000
    writing = asyncio.create_task(channel.write(b'{"chunk":1}\n' * count + END))
    await eventually(lambda: stream.size > MOST_WAITING // CHUNK_MEMORY)
    await asyncio.sleep(0.05)
    assert stream.size < count // 2
    assert not writing.done()
    reading = asyncio.create_task(read_all(stream))
    assert await response == END
    stream.end()
    assert len(await reading) == count
    await writing


async def test_the_slot_is_read_again_after_a_stream_that_nobody_read(channel: Channel) -> None:
    stream = ChunkStream()
    response = channel.slot.exchange(b"?\n", stream)
    await channel.write(b'{"chunk":"%b"}\n' % (b"x" * (MOST_WAITING + 1)))
    await eventually(lambda: stream.size > MOST_WAITING)
    stream.end()
    await channel.write(END)
    assert await response == END


def test_what_a_chunk_is() -> None:
    chunk = read_chunk(b'{"chunk": "AA==", "metadata": {"content_type": "binary"}}')
    assert (bytes(chunk.content), chunk.content_type) == (b'"AA=="', "binary")
    assert read_chunk(b'{"chunk":{"a":1}}').content == msgspec.Raw(b'{"a":1}')


def test_a_chunk_does_not_keep_the_blanks_of_its_line() -> None:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    chunk = read_chunk(b'{"chunk":1%b}' % (b" " * (1 << 20)))
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert bytes(chunk.content) == b"1"
    assert kept <= CHUNK_MEMORY
