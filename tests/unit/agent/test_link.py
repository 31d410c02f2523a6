"""A gateway's connection, from the agent's side."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator

import pytest

from execution.agent import link as link_module
from execution.agent.link import GatewayLink
from execution.leasing.agent_link import AgentLink
from execution.protocol.agent_messages import Discard, FromAgent, FromGateway, Leased, Recall, Release


class Pair:
    """A link, and the other end of it."""

    def __init__(self) -> None:
        ours, self.theirs = socket.socketpair()
        for end in (ours, self.theirs):
            end.setblocking(False)
        self.heard: list[FromGateway] = []
        self.lost = 0
        self.link = GatewayLink(ours, on_message=lambda _, message: self.heard.append(message), on_lost=self._lose)

    def _lose(self, link: GatewayLink) -> None:
        self.lost += 1

    def close(self) -> None:
        self.link.close()
        self.theirs.close()


@pytest.fixture
async def pair() -> AsyncIterator[Pair]:
    """Both ends are closed at the end."""
    pair = Pair()
    yield pair
    pair.close()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.001)


async def test_messages_come_whole_however_they_are_cut(pair: Pair) -> None:
    for byte in b'{"type":"release","slot_id":7}\n{"type":"discard","slot_id":8,"reason":"timeout"}\n':
        pair.theirs.send(bytes([byte]))
    await settle()
    assert pair.heard == [Release(7), Discard(8, "timeout")]


@pytest.mark.parametrize("line", [b"nonsense\n", b'{"type":"unknown"}\n', b"[" * 100_000 + b"\n"])
async def test_what_is_no_gateway_is_hung_up_on(pair: Pair, line: bytes) -> None:
    pair.theirs.send(line)
    await settle()
    assert pair.lost == 1
    assert pair.theirs.recv(1) == b""


async def test_an_endless_line_is_hung_up_on(pair: Pair) -> None:
    loop = asyncio.get_running_loop()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        await loop.sock_sendall(pair.theirs, b"x" * (8 << 20))
    assert pair.lost == 1


async def test_the_end_of_the_gateway_is_told_once(pair: Pair) -> None:
    pair.theirs.close()
    await settle()
    pair.link.send(Recall(1))
    assert pair.lost == 1


async def test_descriptors_come_with_their_message_even_when_the_gateway_is_slow(pair: Pair) -> None:
    sent = []
    for number in range(400):
        reading, writing = os.pipe()
        os.write(writing, b"%d" % number)
        os.close(writing)
        pair.link.send(Recall(number))
        pair.link.send(Leased(number, number, 0, True, "proc"), [reading])
        sent.append(reading)
    heard: list[tuple[FromAgent, list[int]]] = []
    all_heard = asyncio.Event()

    def hear(message: FromAgent, descriptors: list[int]) -> None:
        heard.append((message, descriptors))
        if len(heard) == 2 * len(sent):
            all_heard.set()

    agent_link = AgentLink(pair.theirs, on_message=hear, on_lost=lambda: None)
    await asyncio.wait_for(all_heard.wait(), 10)
    leased = [(message.slot_id, descriptors) for message, descriptors in heard if isinstance(message, Leased)]
    assert [slot_id for slot_id, _ in leased] == list(range(len(sent)))
    for slot_id, (descriptor,) in leased:
        assert os.read(descriptor, 10) == b"%d" % slot_id
        os.close(descriptor)
    agent_link.close()


async def test_a_gateway_that_never_reads_is_hung_up_on(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "MOST_UNSENT", 100)
    for number in range(20_000):
        pair.link.send(Recall(number))
    assert pair.lost == 1


async def test_descriptors_are_closed_when_nobody_is_there(pair: Pair) -> None:
    pair.link.close()
    reading, writing = os.pipe()
    pair.link.send(Leased(1, 1, 0, True, "proc"), [reading, writing])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)
    assert pair.lost == 0
