"""The connection to an agent: lines in any pieces, descriptors with the right line, and its end."""

import asyncio
import logging
import os
import resource
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from execution.leasing.agent_link import AgentLink, close_all, connect
from execution.protocol.agent_messages import Discard, Exited, FromAgent, FromGateway, Leased, Recall, Release

from .slots import eventually, list_descriptors

PATIENCE = 10.0
MANY = 5_000


class Agent:
    """The agent's end of a link, and what the gateway's end heard."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(PATIENCE)
        theirs.setblocking(False)
        self.heard: list[tuple[FromAgent, list[int]]] = []
        self.lost = 0
        self.link = AgentLink(theirs, on_message=self._hear, on_lost=self._lose)

    def _hear(self, message: FromAgent, descriptors: list[int]) -> None:
        self.heard.append((message, descriptors))

    def _lose(self) -> None:
        self.lost += 1

    def write(self, *messages: FromAgent) -> None:
        self.socket.sendall(b"".join(map(to_line, messages)))


def to_line(message: FromAgent) -> bytes:
    return msgspec.json.encode(message) + b"\n"


def leased(number: int) -> Leased:
    return Leased(number, number, 5, True, "cgroup1")


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    agent = Agent()
    yield agent
    agent.link.close()
    agent.socket.close()
    for _, descriptors in agent.heard:
        close_all(descriptors)


async def test_messages_in_pieces_and_in_bunches(agent: Agent) -> None:
    messages: list[FromAgent] = [Recall(1), Exited(2, exit_code=0, log_tail="\u00e9" * 100), Recall(3)]
    data = b"".join(map(to_line, messages))
    for start in range(0, len(data), 7):
        agent.socket.sendall(data[start : start + 7])
        await asyncio.sleep(0)
    await eventually(lambda: len(agent.heard) == 3)
    assert agent.heard == [(message, []) for message in messages]


async def test_a_line_larger_than_what_is_read_at_once(agent: Agent) -> None:
    message = Exited(1, log_tail="x" * 300_000)
    writing = asyncio.create_task(asyncio.to_thread(agent.write, message))
    await eventually(lambda: bool(agent.heard))
    await writing
    assert agent.heard == [(message, [])]


async def test_descriptors_come_with_their_line(agent: Agent) -> None:
    pipes = [os.pipe() for _ in range(3)]
    agent.write(Recall(1))
    for number, pipe in enumerate(pipes):
        line = to_line(leased(number))
        socket.send_fds(agent.socket, [line[:5]], pipe)
        agent.socket.sendall(line[5:] + to_line(Recall(number)))
    await eventually(lambda: len(agent.heard) == 7)
    for number, pipe in enumerate(pipes):
        [descriptors] = [found for message, found in agent.heard if message == leased(number)]
        os.write(descriptors[1], b"%d" % number)
        assert os.read(pipe[0], 10) == b"%d" % number
        assert not any(os.get_inheritable(descriptor) for descriptor in descriptors)
        close_all(list(pipe))


async def test_a_process_with_too_many_open_files_gets_the_line_alone(agent: Agent) -> None:
    pipe = os.pipe()
    first, second = to_line(leased(1)), to_line(leased(2))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    gaps = max(list_descriptors()) - len(list_descriptors())
    fillers = [os.dup(0) for _ in range(gaps + 5)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(fillers) + 1, limits[1]))
    try:
        socket.send_fds(agent.socket, [to_line(Recall(1)) + first[:5]], pipe)
        await eventually(lambda: bool(agent.heard))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        close_all(fillers)
    agent.socket.sendall(first[5:])
    socket.send_fds(agent.socket, [second], pipe)
    await eventually(lambda: len(agent.heard) == 3)
    assert [(message, len(descriptors)) for message, descriptors in agent.heard[1:]] == [(leased(1), 0), (leased(2), 2)]
    close_all(list(pipe))


async def test_an_agent_that_does_not_read_for_a_while_gets_everything_in_order(agent: Agent) -> None:
    for number in range(MANY):
        agent.link.send(Release(number))
    agent.link.send(Discard(MANY, "timeout"))

    def read() -> list[FromGateway]:
        decoder = msgspec.json.Decoder(FromGateway)
        with agent.socket.makefile("rb") as lines:
            return [decoder.decode(lines.readline()) for _ in range(MANY + 1)]

    expected = [*map(Release, range(MANY)), Discard(MANY, "timeout")]
    assert await asyncio.to_thread(read) == expected


async def test_an_agent_that_hangs_up(agent: Agent) -> None:
    agent.socket.close()
    agent.link.send(Release(1))
    agent.link.send(Release(2))
    assert not agent.lost, "nobody is told in the middle of sending"
    await eventually(lambda: agent.lost > 0)
    agent.link.send(Release(3))
    assert agent.lost == 1


async def test_an_agent_that_speaks_something_else(agent: Agent, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        agent.socket.sendall(b"GET / HTTP/1.1\n" + to_line(Recall(1)))
        await eventually(lambda: agent.lost == 1)
    assert "does not speak" in caplog.text
    assert agent.heard == []


async def test_descriptors_that_arrived_too_late_for_anybody_are_closed() -> None:
    agent = Agent()
    before = len(list_descriptors())
    socket.send_fds(agent.socket, [to_line(leased(1))[:9]], [0])
    await eventually(lambda: len(list_descriptors()) == before + 1)
    agent.socket.close()
    await eventually(lambda: agent.lost == 1)
    assert len(list_descriptors()) == before - 2


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        connect(tmp_path / "agent.sock")


def test_an_agent_that_takes_no_connections_is_not_waited_for(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "agent.sock"))
        listener.listen(0)
        first = connect(tmp_path / "agent.sock")  # there is room for one more than is said
        with pytest.raises(BlockingIOError):
            connect(tmp_path / "agent.sock")
        first.close()
