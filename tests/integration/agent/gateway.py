"""A gateway as the agent sees one: leases, hears, and calls on the channels that it was given."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from execution.leasing.agent_link import AgentLink, close_all, connect
from execution.protocol.agent_messages import (
    Discard,
    DoorOpened,
    Exited,
    FromAgent,
    Lease,
    Leased,
    LeaseFailed,
    Release,
    VersionSpec,
)

WAIT_SECONDS = 20.0
MessageT = TypeVar("MessageT", bound=FromAgent)


class TestSlot:
    """A leased slot."""

    __test__ = False

    def __init__(self, leased: Leased, descriptors: list[int]) -> None:
        self.leased = leased
        self.slot_id = leased.slot_id
        self.usage = descriptors[1:]
        self.channel = socket.socket(fileno=descriptors[0])
        self.channel.setblocking(False)

    async def call(self, value: object) -> object:
        """What apply answers. Raises RuntimeError with the error, EOFError when the runner hung up."""
        loop = asyncio.get_running_loop()
        kind = "text" if isinstance(value, str) else "json"
        await loop.sock_sendall(self.channel, json.dumps({"content_type": kind, "data": value}).encode() + b"\n")
        line = b""
        while not line.endswith(b"\n"):
            data = await asyncio.wait_for(loop.sock_recv(self.channel, 1 << 16), WAIT_SECONDS)
            if not data:
                raise EOFError
            line += data
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"]["error_type"], answer["error"]["message"])
        return answer["result"]

    async def read_to_end(self) -> bytes:
        """Returns when the runner has hung up."""
        loop, said = asyncio.get_running_loop(), b""
        while True:
            try:
                data = await asyncio.wait_for(loop.sock_recv(self.channel, 1 << 16), WAIT_SECONDS)
            except ConnectionResetError:
                return said
            if not data:
                return said
            said += data

    def close(self) -> None:
        self.channel.close()
        close_all(self.usage)


class TestGateway:
    """One link to an agent."""

    __test__ = False

    def __init__(self, agent_socket: Path) -> None:
        self._messages: list[FromAgent] = []
        self._descriptors: dict[int, list[int]] = {}
        self._news = asyncio.Event()
        self._slots: list[TestSlot] = []
        self.doors: list[socket.socket] = []
        """What listens inside of slots, in the order in which they came."""
        self._request_id = 0
        self.lost = asyncio.Event()
        self._link = AgentLink(connect(agent_socket), on_message=self._hear, on_lost=self.lost.set)

    async def lease(self, spec: VersionSpec) -> TestSlot:
        """A slot. Fails when the agent has none."""
        answer = await self.ask(spec)
        assert isinstance(answer, Leased), answer
        return self.open(answer)

    def open(self, answer: Leased) -> TestSlot:
        """The slot of an answered lease."""
        slot = TestSlot(answer, self._descriptors.pop(answer.slot_id))
        self._slots.append(slot)
        return slot

    async def fail_lease(self, spec: VersionSpec) -> LeaseFailed:
        """How a lease that must fail does."""
        answer = await self.ask(spec)
        assert isinstance(answer, LeaseFailed), answer
        return answer

    async def ask(self, spec: VersionSpec) -> Leased | LeaseFailed:
        self._request_id += 1
        request_id = self._request_id
        self._link.send(Lease(request_id, spec))
        return await self._find(lambda m: isinstance(m, Leased | LeaseFailed) and m.request_id == request_id)

    def release(self, slot: TestSlot) -> None:
        self._link.send(Release(slot.slot_id))

    def discard(self, slot: TestSlot) -> None:
        self._link.send(Discard(slot.slot_id, "timeout"))

    async def hear_exit(self, slot: TestSlot) -> Exited:
        """What the agent says of the slot's end."""
        return await self._find(lambda m: isinstance(m, Exited) and m.slot_id == slot.slot_id)

    async def hear(self, kind: type[MessageT]) -> MessageT:
        """The next message of this kind."""
        return await self._find(lambda m: isinstance(m, kind))

    def close(self) -> None:
        self._link.close()
        for slot in self._slots:
            slot.close()
        for door in self.doors:
            door.close()
        for descriptors in self._descriptors.values():
            close_all(descriptors)

    async def _find(self, matches: object) -> object:
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                for message in self._messages:
                    if matches(message):
                        self._messages.remove(message)
                        return message
                self._news.clear()
                await self._news.wait()

    def _hear(self, message: FromAgent, descriptors: list[int]) -> None:
        if isinstance(message, DoorOpened):
            self.doors.extend(socket.socket(fileno=descriptor) for descriptor in descriptors)
            return
        if descriptors:
            assert isinstance(message, Leased)
            self._descriptors[message.slot_id] = descriptors
        self._messages.append(message)
        self._news.set()


@asynccontextmanager
async def connected(agent_socket: Path) -> AsyncIterator[TestGateway]:
    """A gateway that hangs up at the end."""
    gateway = TestGateway(agent_socket)
    try:
        yield gateway
    finally:
        gateway.close()


def read_number(descriptor: int) -> int:
    """What a usage descriptor of a control group says."""
    return int(os.pread(descriptor, 64, 0))
