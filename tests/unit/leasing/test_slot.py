"""The call channel, over a socket pair whose other end the test plays."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from execution.leasing.answers import RESPONSE_LIMIT, BrokenProtocol, ResponseTooLarge
from execution.leasing.slot import DeadlinePassed, LeasedSlot, SlotLost

from .slots import eventually, list_descriptors, make_usage


class Channel:
    """A slot, and the runner's end of its channel."""

    def __init__(self) -> None:
        ours, self.runner = socket.socketpair()
        self.runner.setblocking(False)
        self.ours = ours
        self.lost: list[LeasedSlot] = []
        self.slot = LeasedSlot(slot_id=1, load_us=0, usage=make_usage(), on_lost=self.lost.append)

    async def open(self) -> None:
        await asyncio.get_running_loop().create_unix_connection(lambda: self.slot, sock=self.ours)
        self.slot.note_open()

    async def write(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.runner, data)

    async def read(self) -> bytes:
        return await asyncio.get_running_loop().sock_recv(self.runner, 1 << 20)

    async def until_lost(self) -> None:
        await eventually(lambda: bool(self.lost))


@pytest.fixture
async def channel() -> AsyncIterator[Channel]:
    channel = Channel()
    await channel.open()
    yield channel
    channel.slot.close()
    channel.runner.close()
    await channel.until_lost()


async def test_a_line_out_and_a_line_in_again_and_again(channel: Channel) -> None:
    for number in range(3):
        response = channel.slot.exchange(b"request %d\n" % number)
        assert await channel.read() == b"request %d\n" % number
        await channel.write(b"response %d\n" % number)
        assert await response == b"response %d\n" % number
    assert channel.slot.usable
    assert not channel.slot.busy


async def test_a_response_in_pieces(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    for piece in (b"a", b"bc", b"d\n"):
        assert not response.done()
        await channel.write(piece)
        await asyncio.sleep(0.002)
    assert await response == b"abcd\n"
    second = channel.slot.exchange(b"?\n")
    await channel.write(b"x\n")
    assert await second == b"x\n"


async def test_the_largest_response(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    line = b"x" * (RESPONSE_LIMIT - 1) + b"\n"
    await channel.write(line)
    assert await response == line


async def test_a_response_that_is_too_large(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    writing = asyncio.create_task(channel.write(b"x" * (RESPONSE_LIMIT + 1)))
    with pytest.raises(ResponseTooLarge):
        await response
    await asyncio.gather(writing, return_exceptions=True)


async def test_more_than_one_line(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    await channel.write(b"one\ntwo\n")
    with pytest.raises(BrokenProtocol):
        await response


async def test_a_line_that_nobody_asked_for_ends_the_slot(channel: Channel) -> None:
    await channel.write(b"hello\n")
    await channel.until_lost()
    assert not channel.slot.usable


async def test_a_runner_that_hangs_up_while_it_is_asked(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n")
    await channel.write(b"half")
    channel.runner.close()
    with pytest.raises(SlotLost):
        await response
    await channel.until_lost()
    assert channel.lost == [channel.slot]


async def test_a_runner_that_hung_up_before_it_is_asked(channel: Channel) -> None:
    channel.runner.close()
    await channel.until_lost()
    with pytest.raises(SlotLost):
        await channel.slot.exchange(b"?\n")


async def test_a_response_after_the_deadline_is_nobodys(channel: Channel) -> None:
    response = channel.slot.exchange(b"?\n", deadline=2.0)
    channel.slot.expire(1.9)
    assert not response.done()
    channel.slot.expire(2.0)
    with pytest.raises(DeadlinePassed):
        await response
    await channel.write(b"late\n")
    await channel.until_lost()


async def test_a_runner_that_does_not_read_is_hung_up_on_at_once(channel: Channel) -> None:
    response = channel.slot.exchange(b"x" * (32 << 20) + b"\n")
    channel.slot.close()
    with pytest.raises(SlotLost):
        await response
    await channel.until_lost()


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_closed_before_it_was_opened(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def play() -> None:
        channel = Channel()
        channel.slot.close()
        await channel.open()
        await channel.until_lost()
        assert not channel.slot.usable
        await asyncio.sleep(0)
        assert channel.ours.fileno() == -1, "the socket would close what has its number by then"
        channel.runner.close()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(play())


async def test_the_descriptors_are_given_back() -> None:
    before = list_descriptors()
    channel = Channel()
    await channel.open()
    channel.slot.close()
    channel.runner.close()
    await channel.until_lost()
    await asyncio.sleep(0)
    assert list_descriptors() == before
