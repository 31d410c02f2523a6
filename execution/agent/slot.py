"""One slot: a runner process and its life.

booting ──► warm ──► loading ──► leased
   │         │          │          │
   └─────────┴────┬─────┴──────────┘
                  ▼
                ended
"""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import msgspec

from execution.agent.artifacts import fill_folder
from execution.agent.launcher import Started
from execution.agent.logs import LogTail
from execution.agent.warm_pool import SlotKind
from execution.protocol.agent_messages import AlgorithmFailure, SlotSeen
from execution.protocol.redaction import Redactor
from execution.sandbox.door import open_door
from execution.sandbox.resources import UsageKind
from execution.sandbox.watched import descendants

RUNNER_PROTOCOL = 1
LINE_LIMIT = 1 << 20
READ_SIZE = 1 << 16
END_SECONDS = 1.0
"""How long a runner that closed its channel may take to die before it is killed."""


class SlotState(Enum):
    """Where a slot is in its life."""

    BOOTING = "booting"
    WARM = "warm"
    LOADING = "loading"
    LEASED = "leased"
    ENDED = "ended"


TRANSITIONS: dict[SlotState, frozenset[SlotState]] = {
    SlotState.BOOTING: frozenset({SlotState.WARM, SlotState.ENDED}),
    SlotState.WARM: frozenset({SlotState.LOADING, SlotState.ENDED}),
    SlotState.LOADING: frozenset({SlotState.LEASED, SlotState.ENDED}),
    SlotState.LEASED: frozenset({SlotState.ENDED}),
    SlotState.ENDED: frozenset(),
}


@dataclass(frozen=True)
class Ending:
    """How a slot's process ended: an exit code, or a signal."""

    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    log_tail: str = ""


class BootFailed(Exception):
    """The runner did not get ready."""


class LoadFailed(Exception):
    """The version cannot be loaded."""

    def __init__(self, failure: AlgorithmFailure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class ChannelClosed(Exception):
    """The runner hung up, or wrote what is no line of the protocol."""


class _Ready(msgspec.Struct):
    protocol: int


class _RunnerLine(msgspec.Struct):
    """The lines that a runner writes before it serves."""

    ready: _Ready | None = None
    loaded: dict[str, int] | None = None
    error: AlgorithmFailure | None = None


_decoder = msgspec.json.Decoder(_RunnerLine)


class Slot:
    """Takes one version in its life. Lives in the loop that made it."""

    def __init__(self, slot_id: int, kind: SlotKind, started: Started) -> None:
        self.slot_id = slot_id
        self.kind = kind
        self.state = SlotState.BOOTING
        self.started = started
        self.ending: Ending | None = None
        """How it ended, once it has."""
        self._when_ended: list[Callable[[], None]] = []
        self._filling: asyncio.Future[None] | None = None
        self._log = LogTail(started.log)
        self._redactor = Redactor()
        """Of the secrets among the variables of the version that it was loaded with."""
        self._received = b""
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._loop.add_reader(started.pidfd, self._on_exit)

    def look(self) -> SlotSeen:
        """What there is to see of it."""
        return SlotSeen(
            slot_id=self.slot_id,
            environment=self.kind.environment_id,
            state=self.state.value,
            network=self.kind.network,
            pid=self.started.process.pid,
            age_seconds=self._loop.time() - self._began,
        )

    @property
    def usage_kind(self) -> UsageKind:
        """Meaning of the descriptors of open_usage."""
        return self.started.group.kind

    async def boot(self, seconds: float) -> None:
        """Returns when the runner is ready for a version. Raises BootFailed, with what it printed."""
        try:
            async with asyncio.timeout(seconds):
                line = await self._read_line()
        except (TimeoutError, ChannelClosed):
            raise BootFailed(f"the runner did not get ready; it printed: {await self._last_words()!r}") from None
        if line.ready is None or line.ready.protocol != RUNNER_PROTOCOL:
            raise BootFailed(f"the runner does not speak protocol {RUNNER_PROTOCOL}")
        if self.ending is not None:
            raise BootFailed(f"the runner died at once; it printed: {self.ending.log_tail!r}")
        self.started.group.adopt(self.started.process.pid)
        self._move(SlotState.WARM)

    async def fill(self, files: Path) -> None:
        """Shows the runner the files in that folder. Raises OSError."""
        self._filling = asyncio.ensure_future(asyncio.to_thread(fill_folder, files, self.started.folder))
        await asyncio.shield(self._filling)

    def open_door(self) -> int:
        """A descriptor: what listens inside of it for those who call others. The caller's to send and to close.

        Raises OSError, also where slots share the machine's network.
        """
        *_, innermost = descendants(self.started.process.pid)
        return open_door(innermost).detach()

    async def load(
        self, entry: str, *, memory_bytes: int, seconds: float, variables: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Has the runner load the version whose files are in the slot's folder, with further environment variables.

        Raises LoadFailed.
        """
        self._limit_memory(memory_bytes)
        self._redactor = Redactor(variables.values())
        self._log.hide(self._redactor)
        order = {"directory": self.started.directory, "entry": entry, "environment_variables": dict(variables)}
        try:
            async with asyncio.timeout(seconds):
                await self._loop.sock_sendall(self.started.channel, msgspec.json.encode({"load": order}) + b"\n")
                line = await self._read_line()
        except TimeoutError:
            message = f"loading took longer than {seconds:.0f} seconds"
            raise LoadFailed(AlgorithmFailure(message, "TimeoutError", self._log.text() or None)) from None
        except (ChannelClosed, OSError):
            raise LoadFailed(await self._describe_death(memory_bytes)) from None
        if line.error is not None:
            raise LoadFailed(self.clean(line.error))
        if line.loaded is None or self._received:
            raise LoadFailed(AlgorithmFailure("the runner broke the protocol while it loaded", "SystemError"))
        if self.ending is not None:  # it loaded, and died
            raise LoadFailed(await self._describe_death(memory_bytes))

    def begin_load(self) -> None:
        """From now on the slot belongs to one version."""
        self._move(SlotState.LOADING)

    def hand_over(self) -> list[int]:
        """The channel and the usage descriptors: the caller's to send and to close. Call it when it has just loaded.

        Raises OSError if it died in that moment.
        """
        usage = self.started.group.open_usage()
        self._move(SlotState.LEASED)
        return [self.started.channel.detach(), *usage]

    def kill(self) -> None:
        """Ends it as soon as the kernel can. Harmless when repeated."""
        if self.ending is None:
            self.started.group.kill()
            self.started.process.kill()

    def read_log(self, *, listen: bool) -> str:
        """What it printed since the last time, if that was to listen (see LogTail.read)."""
        return self._log.read(listen=listen)

    def clean(self, failure: AlgorithmFailure) -> AlgorithmFailure:
        """The same without what it was given to keep."""
        trace = failure.stacktrace and self._redactor.strip_text(failure.stacktrace)
        return AlgorithmFailure(self._redactor.strip_text(failure.message), failure.error_type, trace)

    def enforce(self) -> None:
        """Kills it if it is above its limit and the kernel does not see to that."""
        if self.ending is None:
            self.started.group.enforce()

    def when_ended(self, callback: Callable[[], None]) -> None:
        """Calls it when the process has ended and `ending` says how; at once if that is so already."""
        if self.ending is not None:
            callback()
        else:
            self._when_ended.append(callback)

    async def wait_for_end(self) -> None:
        """Returns when the process has ended."""
        await self._ended.wait()

    async def settle(self) -> None:
        """Returns when nobody writes to the slot's folder any more."""
        if self._filling is not None:
            await asyncio.wait([self._filling])

    def _move(self, state: SlotState) -> None:
        assert state in TRANSITIONS[self.state], f"{self.state} to {state}"
        self.state = state

    def _limit_memory(self, memory_bytes: int) -> None:
        try:
            self.started.group.set_memory_limit(memory_bytes)
        except OSError:  # it uses more already
            message = f"the limit of {memory_bytes >> 20} MiB is less than the language itself needs"
            raise LoadFailed(AlgorithmFailure(message, "OutOfMemoryError")) from None

    async def _read_line(self) -> _RunnerLine:
        while b"\n" not in self._received:
            data = await self._read_some()
            self._received += data
            if not data or len(self._received) > LINE_LIMIT:
                raise ChannelClosed
        line, _, self._received = self._received.partition(b"\n")
        try:
            return _decoder.decode(line)
        except (msgspec.DecodeError, RecursionError):
            raise ChannelClosed from None

    async def _read_some(self) -> bytes:
        try:
            return await self._loop.sock_recv(self.started.channel, READ_SIZE)
        except OSError:
            return b""

    async def _last_words(self) -> str:
        await self._wait_for_death()
        return self._log.text()

    async def _wait_for_death(self) -> None:
        """A runner that hung up is dying, and its death says more than its silence; one that lingers is killed."""
        try:
            async with asyncio.timeout(END_SECONDS):
                await self._ended.wait()
        except TimeoutError:
            self.kill()
            await self._ended.wait()

    async def _describe_death(self, memory_bytes: int) -> AlgorithmFailure:
        await self._wait_for_death()
        assert self.ending is not None, "it has ended"
        log = self.ending.log_tail or None
        if self.ending.out_of_memory:
            message = f"loading used more memory than the limit of {memory_bytes >> 20} MiB"
            return AlgorithmFailure(message, "OutOfMemoryError", log)
        if self.ending.signal is not None:
            return AlgorithmFailure(f"loading was ended by signal {self.ending.signal}", "SystemError", log)
        return AlgorithmFailure(f"loading ended with exit code {self.ending.exit_code}", "SystemExit", log)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self.started.pidfd)
        os.close(self.started.pidfd)
        code = self.started.process.wait()
        self._log.close()
        self.ending = describe_ending(
            code, out_of_memory=self.started.group.was_out_of_memory(), log_tail=self._log.text()
        )
        self._move(SlotState.ENDED)
        with suppress(OSError):  # wakes whoever reads it; one that was handed over is the gateway's
            self.started.channel.shutdown(socket.SHUT_RDWR)
        self._ended.set()
        for callback in self._when_ended:
            callback()


def describe_ending(code: int, *, out_of_memory: bool, log_tail: str) -> Ending:
    """What a return code means: below 0 a signal ended the outermost process; bubblewrap, as a shell, reports a
    signal that ended the runner as 128 and its number."""
    if code < 0:
        return Ending(None, -code, out_of_memory, log_tail)
    if 128 < code <= 128 + 64:
        return Ending(None, code - 128, out_of_memory, log_tail)
    return Ending(code, None, out_of_memory, log_tail)
