"""An agent that does what a test says. Its slots are threads in the test's process, so that what they do is scripted.

What a runner does is a function of a Call, run in a thread for each request; it answers with the line to write.
"""

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from execution.protocol.agent_messages import (
    AlgorithmFailure,
    Discard,
    Exited,
    FromAgent,
    FromGateway,
    Lease,
    Leased,
    LeaseFailed,
    Recall,
    Release,
)

DECODER = msgspec.json.Decoder(FromGateway)


class Die(Exception):
    """Raised by a runner: the channel closes, and the agent says this of the process's end (None: nothing)."""

    def __init__(self, exited: Exited | None = None) -> None:
        self.exited = exited


def echo(line: bytes) -> bytes:
    """Answers with the request's data."""
    return b'{"result":%b,"metadata":{"content_type":"json"}}\n' % bytes(msgspec.json.decode(line, type=Request).data)


class Request(msgspec.Struct):
    data: msgspec.Raw


@dataclass
class Slot:
    """One that was leased."""

    slot_id: int
    channel: socket.socket
    thread: threading.Thread | None = None
    ended: bool = False


@dataclass
class ScriptedAgent:
    """Listens at `path` while it is started. Everything it does after `start` happens in the test's loop."""

    path: Path
    folder: Path
    run: Callable[[bytes], bytes] = echo
    max_slots: int = 64
    load_seconds: float = 0.0
    failure: AlgorithmFailure | None = None
    """Why versions do not load."""
    with_descriptors: bool = True
    messages: list[FromGateway] = field(default_factory=list)
    slots: dict[int, Slot] = field(default_factory=dict)
    """Those that have not ended."""
    most_slots: int = 0
    _last_id: int = 0
    _listener: socket.socket | None = None
    _link: socket.socket | None = None
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        self._last_id = 0  # as the real one
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._listener.setblocking(False)
        self._tasks.append(asyncio.create_task(self._serve()))

    async def stop(self) -> None:
        """Dies: the link and all channels break."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        for broken in (self._listener, self._link):
            if broken is not None:
                broken.close()
        self._listener = self._link = None
        self.path.unlink(missing_ok=True)
        for slot in list(self.slots.values()):
            self._end(slot)

    def send(self, message: FromAgent, descriptors: list[int] | None = None) -> None:
        if self._link is None:
            return
        with contextlib.suppress(OSError):  # the gateway may have gone
            socket.send_fds(self._link, [msgspec.json.encode(message) + b"\n"], descriptors or [])

    def count(self, kind: type[FromGateway]) -> int:
        """How many messages of this kind the gateway sent."""
        return sum(isinstance(message, kind) for message in self.messages)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        assert self._listener is not None, "started"
        self._link, _ = await loop.sock_accept(self._listener)
        received = b""
        while data := await loop.sock_recv(self._link, 1 << 16):
            *lines, received = (received + data).split(b"\n")
            for line in lines:
                self._take(DECODER.decode(line))

    def _take(self, message: FromGateway) -> None:
        self.messages.append(message)
        match message:
            case Lease():
                self._tasks.append(asyncio.create_task(self._lease(message)))
            case Release() | Discard():
                slot = self.slots.get(message.slot_id)
                if slot is not None:
                    self._end(slot)
                    self.send(Exited(message.slot_id, signal=9))

    async def _lease(self, lease: Lease) -> None:
        began = time.perf_counter_ns()
        await asyncio.sleep(self.load_seconds)
        load_us = (time.perf_counter_ns() - began) // 1_000
        if self.failure is not None or len(self.slots) >= self.max_slots:
            if self.failure is None and self.slots:
                self.send(Recall(next(iter(self.slots))))
            self.send(LeaseFailed(lease.request_id, load_us, self.failure))
            return
        self._last_id += 1
        ours, theirs = socket.socketpair()
        slot = self.slots[self._last_id] = Slot(self._last_id, ours)
        self.most_slots = max(self.most_slots, len(self.slots))
        loop = asyncio.get_running_loop()
        slot.thread = threading.Thread(target=self._run_slot, args=(slot, loop), daemon=True)
        slot.thread.start()
        descriptors = [theirs.fileno(), *self._open_usage(slot)]
        leased = Leased(lease.request_id, slot.slot_id, load_us, cold=True, usage="cgroup1")
        self.send(leased, descriptors if self.with_descriptors else [])
        theirs.close()
        for descriptor in descriptors[1:]:
            os.close(descriptor)

    def _open_usage(self, slot: Slot) -> list[int]:
        for name in ("cpu", "memory"):
            (self.folder / f"{slot.slot_id}.{name}").write_text("5000000\n")
        return [os.open(self.folder / f"{slot.slot_id}.{name}", os.O_RDWR) for name in ("cpu", "memory")]

    def _run_slot(self, slot: Slot, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(OSError), slot.channel.makefile("rb") as requests:
            for line in requests:
                try:
                    slot.channel.sendall(self.run(line))
                except Die as death:
                    slot.channel.shutdown(socket.SHUT_RDWR)
                    loop.call_soon_threadsafe(self._report, slot, death.exited)
                    return

    def _report(self, slot: Slot, exited: Exited | None) -> None:
        if exited is not None:
            self._end(slot)
            self.send(Exited(slot.slot_id, exited.exit_code, exited.signal, exited.out_of_memory, exited.log_tail))

    def _end(self, slot: Slot) -> None:
        if self.slots.pop(slot.slot_id, None) is not None:
            with contextlib.suppress(OSError):
                slot.channel.shutdown(socket.SHUT_RDWR)
            slot.channel.close()
