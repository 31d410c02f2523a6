"""Tells who asks what this gateway does, and follows orders of those who look after it (directory/monitoring.py)."""

import asyncio
import logging
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from execution.client import ExecutionClient, LeasedSeen, QueueSeen
from marketplace.directory.monitoring import (
    ANSWER_SECONDS,
    ANSWERS,
    QUESTIONS,
    Done,
    EndCall,
    EndSlot,
    HeldSlot,
    Order,
    Question,
    Queue,
    RunningCall,
    SetDraining,
    Sight,
)
from marketplace.gateway.call import Call
from marketplace.gateway.calls import Gateway
from marketplace.gateway.mirror import Target

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.5
MOST_CALLS = 500
"""In one answer."""

_question = msgspec.json.Decoder(Question)


class Monitor:
    """One per gateway process. `start()` first, `close()` last. It costs nothing while nobody asks."""

    def __init__(self, redis_url: str, gateway: Gateway, execution: ExecutionClient) -> None:
        self._gateway = gateway
        self._execution = execution
        self._client = redis.asyncio.Redis.from_url(redis_url, client_name="gateway-monitor")
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to listen."""
        self._task = asyncio.create_task(self._listen(), name="monitor")

    async def close(self) -> None:
        """Answers nothing more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._client.aclose()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(QUESTIONS)
                    async for message in subscription.listen():
                        await self._take(message["data"])
            except (RedisError, OSError) as error:
                logger.warning("Nobody can ask what runs here, for a moment: %s", error)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _take(self, text: bytes) -> None:
        try:
            question = _question.decode(text)
        except msgspec.DecodeError:  # of another version of this platform
            return
        what = question.what
        answer = Done(await self._follow(what)) if isinstance(what, Order) else await self._look()
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.rpush(ANSWERS + question.id, msgspec.json.encode(answer))
            pipeline.expire(ANSWERS + question.id, ANSWER_SECONDS)
            await pipeline.execute()

    async def _follow(self, order: Order) -> bool:
        """Whether it was for this gateway."""
        match order:
            case EndCall(call_id, reason):
                return self._gateway.end_call(call_id, reason)
            case EndSlot(node, slot_id):
                if not await self._is_at(node):
                    return False
                self._execution.recall(slot_id)
            case SetDraining(node, draining):
                if not await self._is_at(node):
                    return False
                self._execution.set_draining(draining=draining)
        return True

    async def _is_at(self, node: str) -> bool:
        seen = (await self._execution.look()).node
        return seen is not None and seen.name == node

    async def _look(self) -> Sight:
        sight, running = await self._execution.look(), self._gateway.running
        targets = self._gateway.find_versions({seen.version_id for seen in (*sight.slots, *sight.queues)})
        return Sight(
            gateway=self._name,
            node=sight.node,
            calls=_describe_calls(running),
            call_count=len(running),
            slots=tuple(_describe_slot(slot, targets.get(slot.version_id)) for slot in sight.slots),
            queues=tuple(_describe_queue(queue, targets.get(queue.version_id)) for queue in sight.queues),
        )


def _describe_slot(slot: LeasedSeen, target: Target | None) -> HeldSlot:
    return HeldSlot(slot.slot_id, *_name(target), slot.busy, slot.calls, slot.cpu_us, slot.memory)


def _describe_queue(queue: QueueSeen, target: Target | None) -> Queue:
    return Queue(*_name(target), queue.waiting, queue.slots, queue.busy, queue.run_us)


def _describe_calls(running: Mapping[str, Call]) -> tuple[RunningCall, ...]:
    """The oldest: a dictionary keeps the order in which they began."""
    return tuple(_describe_call(call) for call in islice(running.values(), MOST_CALLS))


def _describe_call(call: Call) -> RunningCall:
    caller, target = call.caller, call.target
    return RunningCall(
        call_id=call.id,
        root_id=caller.root_id,
        parent_id=caller.parent_id,
        algorithm=target.full_name,
        version=target.version.number,
        author_id=target.algorithm.organization_id,
        payer_id=caller.payer_id,
        user_id=caller.user_id,
        key_id=caller.key_id,
        started_at=call.started_at,
        slot_id=call.usage.slot_id,
    )


def _name(target: Target | None) -> tuple[str, str, str]:
    """Algorithm, version and author; a version that was unpublished meanwhile has none."""
    if target is None:
        return "", "", ""
    return target.full_name, target.version.number, target.algorithm.organization_id
