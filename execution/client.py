"""The kernel's one facade: call a version, build an artifact, know the environments, run an agent."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

from execution.agent.service import run_agent
from execution.builds.build import BuiltArtifact, build_artifact
from execution.environments import Environment, find_environment, load_environments
from execution.errors import QueueFull, Unavailable
from execution.leasing.answers import (
    Answer,
    BrokenProtocol,
    ContentType,
    Outcome,
    ResponseTooLarge,
    Usage,
    describe_exit,
    read_response,
)
from execution.leasing.chunks import Chunk, ChunkStream
from execution.leasing.doors import Door
from execution.leasing.lessee import EXIT_NEWS_SECONDS, IDLE_SECONDS, Lessee
from execution.leasing.pool import VersionPool
from execution.leasing.profiles import Profile, Quantiles, Recorder
from execution.leasing.sights import LeasedSeen, QueueSeen, Sight
from execution.leasing.slot import DeadlinePassed, LeasedSlot, LoadFailed, SlotLost
from execution.leasing.trees import CallTrees
from execution.machine_report import MachineReport, read_machine_report
from execution.protocol.agent_messages import AlgorithmFailure, Fetch, NodeSeen, SetDraining, SlotSeen, VersionSpec

__all__ = [
    "AlgorithmFailure",
    "Answer",
    "BuiltArtifact",
    "Chunk",
    "ChunkStream",
    "ContentType",
    "Door",
    "Environment",
    "ExecutionClient",
    "LeasedSeen",
    "MachineReport",
    "NodeSeen",
    "Outcome",
    "Profile",
    "Quantiles",
    "QueueSeen",
    "Recorder",
    "Sight",
    "SlotSeen",
    "Usage",
    "VersionSpec",
    "build_artifact",
    "find_environment",
    "load_environments",
    "read_machine_report",
    "run_agent",
]

QUEUE_SECONDS = 30.0
"""The longest that a call waits for a slot."""


class ExecutionClient:
    """Runs calls in slots that it leases from an agent. One per process; `start()` first, `close()` last."""

    def __init__(self, agent_socket: Path, *, idle_seconds: float = IDLE_SECONDS) -> None:
        """`idle_seconds`: how long a slot is kept without a call."""
        self._lessee = Lessee(agent_socket, idle_seconds=idle_seconds)
        self._trees = CallTrees()
        self._loop: asyncio.AbstractEventLoop

    async def start(self) -> None:
        """Connects, now or as soon as there is an agent, and again whenever it goes away."""
        self._loop = asyncio.get_running_loop()  # kept, since asking for it is a system call
        await self._lessee.start()

    def serve_doors(self, serve: Callable[[Door], None]) -> None:
        """From now on `serve` gets the door of each new slot whose version may call others, before that loads."""
        self._lessee.serve_door = serve

    async def close(self) -> None:
        """Gives all slots up."""
        await self._lessee.close()

    async def look(self) -> Sight:
        """What this process and the machine behind it do now."""
        return await self._lessee.look()

    def fetch_ahead(self, spec: VersionSpec) -> None:
        """Has the machine fetch the files of a version that may be called soon."""
        self._lessee.tell_agent(Fetch(spec.artifact))

    def recall(self, slot_id: int) -> None:
        """Ends a slot, after the call that it runs."""
        self._lessee.recall(slot_id)

    def set_draining(self, *, draining: bool) -> None:
        """Has the machine take no more leases, but for calls that running calls wait for; or take them again."""
        self._lessee.tell_agent(SetDraining(draining))

    def take_profiles(self) -> dict[str, Recorder]:
        """What is known of versions that have been called since the last time, by version."""
        return self._lessee.profiles.take_changed()

    async def call(
        self,
        spec: VersionSpec,
        *,
        caller: str,
        request: bytes,
        deadline: float,
        call_id: str = "",
        parent_id: str | None = None,
        usage: Usage | None = None,
        chunks: ChunkStream | None = None,
        prints: bool = False,
    ) -> Answer:
        """Sends one request line of the runner protocol, and answers what became of it.

        `call_id` is the request's own id; `caller` is whose turn is counted; `deadline` is in the loop's time;
        `parent_id` is the call that made this one. `usage` is filled in, also when the call is cancelled. Whatever the
        algorithm does, there is an answer. The chunks of a streaming result go to `chunks`, which ends with the call;
        without it, into the answer. `prints`: the answer shall have what the algorithm printed.
        Raises QueueFull, Unavailable and AllSlotsHeld when the call was not begun; all may be tried again.
        """
        usage = Usage() if usage is None else usage
        siblings = self._trees.children_of(parent_id)
        nested = siblings is not None
        if siblings is not None:
            siblings.add(call_id)
        try:
            return await self._make(spec, caller, request, deadline, call_id, usage, chunks, prints, nested=nested)
        finally:
            if siblings is not None:
                siblings.discard(call_id)
            if chunks is not None:
                chunks.end()

    async def _make(
        self,
        spec: VersionSpec,
        caller: str,
        request: bytes,
        deadline: float,
        call_id: str,
        usage: Usage,
        chunks: ChunkStream | None,
        prints: bool,
        *,
        nested: bool,
    ) -> Answer:
        began = perf_counter_ns()
        pool = self._lessee.pool_of(spec)
        slot = pool.take_idle(nested=nested)
        if slot is None:
            try:
                slot = await self._wait(pool, caller, deadline, nested=nested)
            except LoadFailed as failed:
                _note_wait(usage, _since(began), failed.load_us)
                return Answer("algorithm_error", usage, error=failed.failure)
            except asyncio.CancelledError:
                usage.queue_us = _since(began)
                raise
        slot.calls += 1
        usage.slot_id = slot.slot_id
        if slot.calls > 1:
            usage.queue_us = _since(began)
        else:  # the first call of a slot waited for its loading, at least in part
            _note_wait(usage, _since(began), slot.load_us)
        if spec.calls_others:
            self._trees.begin(call_id, slot)
        try:
            return await self._run(slot, pool, usage, request, deadline, call_id, chunks, prints)
        except asyncio.CancelledError:
            self._lessee.discard(slot, "cancelled")
            raise
        finally:
            if spec.calls_others:
                self._trees.end(call_id, slot)

    async def _wait(self, pool: VersionPool, caller: str, deadline: float, *, nested: bool) -> LeasedSlot:
        give_up = min(deadline, self._loop.time() + QUEUE_SECONDS)
        try:
            slot = await self._lessee.wait_for_slot(pool, caller, give_up, nested=nested)
            while not slot.usable:  # it died on its way to this call
                slot = await self._lessee.wait_for_slot(pool, caller, give_up, nested=nested)
        except TimeoutError:
            if not pool.leased:
                raise Unavailable("no slot could be had in time") from None
            raise QueueFull(max(1.0, pool.expected_wait(self._loop.time()))) from None
        return slot

    async def _run(
        self,
        slot: LeasedSlot,
        pool: VersionPool,
        usage: Usage,
        request: bytes,
        deadline: float,
        call_id: str,
        chunks: ChunkStream | None,
        prints: bool,
    ) -> Answer:
        if prints:
            await self._lessee.slot_questions.read_log(slot, listen=True)
        cpu_before = slot.usage.last_cpu_us if slot.handed_on and slot.calls > 1 else slot.usage.read_cpu_us()
        began = perf_counter_ns()
        self._lessee.deadlines.watch()
        try:
            line = await slot.exchange(request, chunks, deadline=deadline)
        except (SlotLost, DeadlinePassed, ResponseTooLarge, BrokenProtocol) as error:
            _note_usage(usage, slot, began, cpu_before)
            printed = await self._lessee.slot_questions.read_log(slot, listen=False) if prints else None
            answer = await self._answer_failure(slot, usage, error, pool.spec)
            answer.printed = printed or (_last_words(slot) if prints else None)
            return answer
        except asyncio.CancelledError:
            _note_usage(usage, slot, began, cpu_before)
            raise
        _note_usage(usage, slot, began, cpu_before)
        pool.note_run(usage.run_us / 1e6, usage.cpu_us / 1e6)
        pool.recorder.note_call(usage, len(request) + len(line) + (0 if chunks is None else chunks.size))
        printed = (
            await self._lessee.slot_questions.read_log(slot, listen=False) if prints else None
        )  # before others have the slot
        answer = self._answer_line(slot, usage, line, call_id)
        if answer.error is not None and pool.spec.secrets:
            answer.error = await self._lessee.slot_questions.clean(slot, answer.error)
        if answer.outcome != "crashed":  # last: now others have the slot
            self._lessee.take_back(pool, slot)
        answer.printed = printed
        return answer

    def _answer_line(self, slot: LeasedSlot, usage: Usage, line: bytes, call_id: str) -> Answer:
        try:
            return read_response(line, usage, call_id)
        except BrokenProtocol as error:
            self._lessee.discard(slot, "protocol")
            return Answer("crashed", usage, error=AlgorithmFailure(str(error), "SystemError"))

    async def _answer_failure(self, slot: LeasedSlot, usage: Usage, error: Exception, spec: VersionSpec) -> Answer:
        match error:
            case SlotLost():
                return await _answer_loss(slot, usage, spec)
            case DeadlinePassed():
                self._lessee.discard(slot, "timeout")
                seconds = (usage.queue_us + usage.load_us + usage.run_us) / 1e6
                message = f"algorithm did not complete within {seconds:.1f} seconds"
                return Answer("timeout", usage, error=AlgorithmFailure(message, "TimeoutError"))
            case ResponseTooLarge():
                self._lessee.discard(slot, "protocol")
                return Answer("algorithm_error", usage, error=AlgorithmFailure(str(error), "TooLargeError"))
            case _:
                self._lessee.discard(slot, "protocol")
                return Answer("crashed", usage, error=AlgorithmFailure(str(error), "SystemError"))


async def _answer_loss(slot: LeasedSlot, usage: Usage, spec: VersionSpec) -> Answer:
    """Says what the agent says of the slot's end, if it says it soon."""
    done, _ = await asyncio.wait([slot.exited], timeout=EXIT_NEWS_SECONDS)
    exited = slot.exited.result() if done else None
    if done and exited is None:
        error = AlgorithmFailure("the machine that ran the call went away", "SystemError")
        return Answer("unavailable", usage, error=error)
    return Answer("crashed", usage, error=describe_exit(exited, spec.memory_bytes))


def _last_words(slot: LeasedSlot) -> str:
    """What a slot that died printed last, where the agent has said so."""
    exited = slot.exited.result() if slot.exited.done() else None
    return exited.log_tail if exited is not None else ""


def _note_wait(usage: Usage, waited_us: int, load_us: int) -> None:
    """Of a call that had a version loaded; it may have come in the middle of that."""
    usage.load_us = min(load_us, waited_us)
    usage.queue_us = waited_us - usage.load_us
    usage.cold = True


def _note_usage(usage: Usage, slot: LeasedSlot, began: int, cpu_before: int) -> None:
    usage.run_us = _since(began)
    usage.cpu_us = max(0, slot.usage.read_cpu_us() - cpu_before)
    usage.peak_memory_bytes = slot.usage.take_peak(usage.cpu_us)


def _since(began: int) -> int:
    """Whole microseconds."""
    return (perf_counter_ns() - began) // 1000
