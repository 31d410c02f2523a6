"""A call from its head to its reply: who, what, how much; run, meter, charge, answer. Memory and Redis, no database."""

import asyncio
import time
from collections.abc import Collection, Coroutine
from typing import Any

from billing.api import Count, MeterEvent, MeterWriter, Outcome, Waiver
from billing.errors import MeterUnavailable
from execution.client import AlgorithmFailure, Answer, ChunkStream, Door, ExecutionClient
from execution.errors import AllSlotsHeld, QueueFull, Unavailable
from marketplace.algorithms.version_numbers import LATEST_PRIVATE
from marketplace.directory.approvals import find_refusal
from marketplace.gateway.addresses import Address
from marketplace.gateway.call import Call, make_event, new_call_id
from marketplace.gateway.callers import Caller, identify, make_child_token, make_loading_token, read_credentials
from marketplace.gateway.errors import (
    Ended,
    Forbidden,
    NotNow,
    PaymentRequired,
    QueueIsFull,
    Retired,
    UnknownAlgorithm,
    WrongMethod,
)
from marketplace.gateway.event_streams import EventStream, chunk_event, last_event
from marketplace.gateway.failures import FailureLog
from marketplace.gateway.heads import Head
from marketplace.gateway.inputs import write_request
from marketplace.gateway.limits import Limits
from marketplace.gateway.mirror import Mirror, Target
from marketplace.gateway.replies import Reply, reply_with_answer

ALL_HELD = (
    "Every slot here is held by a call that waits for a call that it made, and this one would be another: call less "
    "deep, or fewer at once."
)
NOT_RECORDED = "The call could not be recorded, and costs nothing: try again in a moment."


class Gateway:
    """Admits and makes calls. `start()` first, `close()` last."""

    def __init__(
        self, *, mirror: Mirror, execution: ExecutionClient, meter: MeterWriter, failures: FailureLog, secret: str
    ) -> None:
        """`secret` signs the rights to call that algorithms get."""
        self._mirror = mirror
        self._execution = execution
        self._meter = meter
        self._failures = failures
        self._secret = secret
        self._limits = Limits(mirror)
        meter.counts = mirror.counts
        mirror.on_new_version = execution.fetch_ahead
        self._rights: dict[str, str] = {}
        """To call others: of the calls in progress that have one, by their ids."""
        self.running: dict[str, Call] = {}
        """By id, the oldest first."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop

    async def start(self) -> None:
        """Returns when calls can be admitted."""
        self._loop = asyncio.get_running_loop()  # kept, since asking for it is a system call
        await self._meter.start()
        await self._failures.start()
        await self._execution.start()
        await self._mirror.start()

    async def close(self) -> None:
        """For when no call is left."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._mirror.close()
        await self._execution.close()
        await self._meter.close()
        await self._failures.close()

    def admit(self, head: Head, door: Door | None = None) -> Call:
        """What a request's head asks for, if this caller may have it. Raises Refused.

        `door`: the request names no caller, and stands for the call behind the door through which it came.
        """
        if head.method != b"POST":
            raise WrongMethod
        credentials = head.credentials if door is None else read_credentials(self.right_at(door))
        now = time.time()
        caller = identify(credentials, mirror=self._mirror, secret=self._secret, now=now)
        target = self._find(head.address, caller)
        options = head.options
        self._check_balance(caller, target)
        self._limits.check(caller, now)
        return Call(new_call_id(), caller, target, options, head.kind, head.streams)

    async def make(self, call: Call, body: bytes) -> Reply:
        """Runs the algorithm, meters, and only then answers. Raises Refused."""
        begun = self._begin(call)
        try:
            return await self._make(call, body)
        finally:
            self._end(call, begun)

    async def _make(self, call: Call, body: bytes) -> Reply:
        if call.target.version.price.free_calls_per_month:
            await self._limits.know_free_calls(call.caller, call.target, time.time())
        request = write_request(call.kind, body, call_id=call.id, token=self._token_for(call))
        answer = await self._run(call, request, len(body))
        if answer.error is not None:
            self._note_failure(call, answer.error, body)
        event, counts = self._event_of(call, answer.outcome, len(body), answer)
        try:
            await self._meter_call(event, counts)
        except MeterUnavailable:
            raise NotNow(NOT_RECORDED) from None
        return reply_with_answer(
            answer,
            call_id=call.id,
            cost=event.compute_charge + event.royalty_charge,
            options=call.options,
            owned=call.owned,
            notice=call.target.notice,
        )

    async def stream(self, call: Call, body: bytes, events: EventStream) -> None:
        """Like make, for a caller who takes chunks as they come: the last event tells the end, after it was metered.

        Raises Refused, also when events have been sent.
        """
        begun = self._begin(call)
        try:
            await self._stream(call, body, events)
        finally:
            self._end(call, begun)

    async def _stream(self, call: Call, body: bytes, events: EventStream) -> None:
        if call.target.version.price.free_calls_per_month:
            await self._limits.know_free_calls(call.caller, call.target, time.time())
        request = write_request(call.kind, body, call_id=call.id, token=self._token_for(call))
        events.tell(call.target.notice)
        chunks = ChunkStream()
        relay = asyncio.create_task(_relay(chunks, events, call.id))
        try:
            answer = await self._run(call, request, len(body), chunks)
            if answer.error is not None:
                self._note_failure(call, answer.error, body)
            event, counts = self._event_of(call, answer.outcome, len(body), answer, chunks.size)
            await self._meter_call(event, counts)
            await relay
        except MeterUnavailable:
            raise NotNow(NOT_RECORDED) from None
        finally:
            relay.cancel()
        cost = event.compute_charge + event.royalty_charge
        last = last_event(
            answer,
            call_id=call.id,
            cost=cost,
            options=call.options,
            owned=call.owned,
            notice=call.target.notice,
        )
        await events.send(last, call_id=call.id)

    async def _meter_call(self, event: MeterEvent, counts: tuple[Count, ...]) -> None:
        """Writes it, and remembers what its payer has left. Raises MeterUnavailable."""
        left = await self._meter.write(event, counts)
        if left is None:  # Redis lost its data, and we know better
            left = self._mirror.balances.get(event.payer_id, 0) - event.compute_charge - event.royalty_charge
        self._mirror.balances[event.payer_id] = left

    def end_call(self, call_id: str, reason: str) -> bool:
        """Ends a call that runs here, and tells its caller why; whether there was one that could be ended."""
        call = self.running.get(call_id)
        if call is None or call.task is None or not call.cancellable:
            return False
        call.ended_because = reason
        call.task.cancel()
        return True

    def find_versions(self, version_ids: Collection[str]) -> dict[str, Target]:
        """Those that can be called, by their ids."""
        return self._mirror.find_versions(version_ids)

    def _begin(self, call: Call) -> str | None:
        begun = self._limits.begin(call.caller)
        call.started_at = time.time_ns() // 1_000
        self.running[call.id] = call
        return begun

    def _end(self, call: Call, begun: str | None) -> None:
        del self.running[call.id]
        self._limits.end(begun)

    async def _run(self, call: Call, request: bytes, bytes_in: int, chunks: ChunkStream | None = None) -> Answer:
        call.task = asyncio.current_task(self._loop)
        call.cancellable = True
        try:
            return await self._execution.call(
                call.target.spec,
                caller=call.caller.payer_id,
                request=request,
                deadline=self._loop.time() + call.seconds,
                call_id=call.id,
                parent_id=call.caller.parent_id,
                usage=call.usage,
                chunks=chunks,
                prints=call.options.stdout and call.owned,
            )
        except QueueFull as full:
            raise QueueIsFull(full.retry_after) from None
        except Unavailable:
            raise NotNow("No machine can run this now: try again in a moment.") from None
        except AllSlotsHeld:
            raise NotNow(ALL_HELD) from None
        except asyncio.CancelledError:
            self._spawn(self._meter.write(*self._event_of(call, "cancelled", bytes_in)))
            if call.ended_because and call.task is not None:
                call.task.uncancel()
                raise Ended(call.ended_because) from None
            raise
        finally:
            call.cancellable = False
            if call.target.version.calls_others:
                self._rights.pop(call.id, None)
                self._limits.forget_tree(call.id)

    def _event_of(
        self,
        call: Call,
        outcome: Outcome,
        bytes_in: int,
        answer: Answer | None = None,
        streamed: int = 0,
    ) -> tuple[MeterEvent, tuple[Count, ...]]:
        """What is written of a call. `answer` is None when it was stopped; `streamed` is the size of chunks."""
        now = call.started_at / 1e6
        waiver = self._find_waiver(call, outcome, now)
        size = streamed + (len(answer.result) if answer and answer.result is not None else 0)
        error_type = answer.error.error_type if answer and answer.error else None
        event = make_event(call, outcome, bytes_in, size, error_type, waiver)
        cost = event.compute_charge + event.royalty_charge
        free = waiver == "free_call"
        return event, self._limits.count(call.caller, call.target, cost=cost, free=free, now=now)

    def _find_waiver(self, call: Call, outcome: Outcome, now: float) -> Waiver | None:
        price = call.target.version.price
        if outcome != "ok" or not (price.free_to_owner or price.free_calls_per_month):
            return None
        if price.free_to_owner and call.owned:
            return "owner"
        return "free_call" if self._limits.is_free_call(call.caller, call.target, now) else None

    def _find(self, address: Address, caller: Caller) -> Target:
        target = self._mirror.find(address)
        if target is None or not (_is_open(target, address) or self._owns(caller, target)):
            raise UnknownAlgorithm(f"algorithm algo://{address} not found")
        if not caller.may_call(target.full_name.lower()):
            raise Forbidden("This key may not call this algorithm: its algo_acl does not name it.")
        target = target if target.candidate is None else target.choose_for(caller.name)
        target = self._find_approved(target, address, caller)
        if 0 < target.version.ends_at <= time.time():
            raise Retired(target.version.ending)
        return target

    def _owns(self, caller: Caller, target: Target) -> bool:
        """Whether it is their organization's, and limited to no team or to one that they reach."""
        algorithm = target.algorithm
        if algorithm.organization_id != caller.payer_id or not algorithm.teams:
            return algorithm.organization_id == caller.payer_id
        if team := self._mirror.key_teams.get(caller.key_id or ""):
            return team in algorithm.teams
        limits = self._mirror.limits.get(caller.payer_id)
        teams = limits.teams if limits is not None else ()
        return any(each.team_id in algorithm.teams and caller.user_id in each.members for each in teams)

    def _find_approved(self, target: Target, address: Address, caller: Caller) -> Target:
        """What an organization that calls only what it approved gets: the newest that the address may mean."""
        entry = self._mirror.approvals.get(caller.payer_id)
        if entry is None or target.algorithm.organization_id == caller.payer_id:
            return target
        why = find_refusal(entry, target.algorithm.algorithm_id, target.full_name, target.version.number)
        up_to = entry.algorithms.get(target.algorithm.algorithm_id)
        approved = self._mirror.find_up_to(address, up_to) if why and up_to else None
        if why and approved is None:
            raise Forbidden(why)
        return approved or target

    def _check_balance(self, caller: Caller, target: Target) -> None:
        price = target.version.price
        costs = price.compute_per_second or price.royalty_per_call or price.royalty_per_second
        if costs and self._mirror.balances.get(caller.payer_id, 0) <= 0:
            raise PaymentRequired("The credits are used up: the organization that pays needs more before it can call.")

    def _token_for(self, call: Call) -> str | None:
        if not call.target.version.calls_others:
            return None
        right = self._rights[call.id] = make_child_token(
            call.caller,
            call_id=call.id,
            algorithm=call.target.full_name,
            bounds=call.caller.bounds.narrow(call.options, call.caller.depth),
            secret=self._secret,
            now=time.time(),
            seconds=call.seconds,
        )
        return right

    def right_at(self, door: Door) -> bytes:
        """The Authorization of who comes through a door without one: that of the call which runs behind it, if any."""
        right = self._rights.get(door.call_id or "")
        return f"Simple {right}".encode() if right else b""

    def right_to_load(self, door: Door) -> bytes:
        """That of a version which is being loaded: to read what its owner may read, since nobody has called it yet."""
        target = self._mirror.find_version(door.spec.version_id) if door.loading else None
        if target is None:
            return b""
        return f"Simple {make_loading_token(target, secret=self._secret, now=time.time())}".encode()

    def _note_failure(self, call: Call, failure: AlgorithmFailure, body: bytes) -> None:
        payer, started_at = call.caller.payer_id, call.started_at
        self._failures.note(call.target, failure, call_id=call.id, payer_id=payer, started_at=started_at, body=body)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a cancelled call that the meter did not take has no caller to be told


async def _relay(chunks: ChunkStream, events: EventStream, call_id: str) -> None:
    async for chunk in chunks:
        await events.send(chunk_event(chunk), call_id=call_id)


def _is_open(target: Target, address: Address) -> bool:
    return target.algorithm.public and not target.unpublished and address.selector.lower() != LATEST_PRIVATE
