"""Keeps the pools of all versions and the link to the agent: asks for slots, gets them, gives them back."""

import asyncio
import logging
import socket
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Literal

from execution.errors import Unavailable
from execution.leasing.agent_link import AgentLink, close_all, connect
from execution.leasing.pool import VersionPool
from execution.leasing.slot import LeasedSlot
from execution.leasing.usage import UsageReader
from execution.protocol.agent_messages import (
    AlgorithmFailure,
    Discard,
    Exited,
    FromAgent,
    Lease,
    Leased,
    LeaseFailed,
    Recall,
    Release,
    VersionSpec,
)

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
SWEEP_SECONDS = 1.0
FULL_RETRY_SECONDS = 0.05
RECONNECT_SECONDS = (0.02, 0.5)
"""The first and the longest pause between attempts to reach the agent."""


class LoadFailed(Exception):
    """The version cannot be loaded."""

    def __init__(self, failure: AlgorithmFailure, load_us: int) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.load_us = load_us


class Lessee:
    """One per gateway process, and one link to one agent."""

    def __init__(self, agent_socket: Path, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._agent_socket = agent_socket
        self._idle_seconds = idle_seconds
        self._pools: dict[str, VersionPool] = {}
        self._slots: dict[int, LeasedSlot] = {}
        self._requests: dict[int, VersionPool] = {}
        self._request_id = 0
        self._link: AgentLink | None = None
        self._lost = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connects, now or as soon as there is an agent, and again whenever the link breaks."""
        self._spawn(self._stay_connected())
        self._spawn(self._give_back_idle())

    async def close(self) -> None:
        """Hangs up; the agent ends the slots."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pool in self._pools.values():
            pool.fail_waiting(Unavailable("the gateway is shutting down"))
        if self._link is not None:
            self._link.close()
        for slot in list(self._slots.values()):
            slot.close()

    def pool_of(self, spec: VersionSpec) -> VersionPool:
        """The version's pool, made if there is none."""
        pool = self._pools.get(spec.version_id)
        if pool is None:
            pool = self._pools[spec.version_id] = VersionPool(spec)
        return pool

    async def wait_for_slot(self, pool: VersionPool, caller: str, deadline: float) -> LeasedSlot:
        """A slot, when it is this caller's turn. Raises QueueFull, LoadFailed, Unavailable, TimeoutError."""
        waiter: asyncio.Future[LeasedSlot] = asyncio.get_running_loop().create_future()
        pool.join(caller, waiter)
        self._ask_if_wanted(pool)
        try:
            async with asyncio.timeout_at(deadline):
                return await waiter
        except (TimeoutError, asyncio.CancelledError):
            pool.waiting.remove(caller, waiter)
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.take_back(pool, waiter.result())
            raise

    def take_back(self, pool: VersionPool, slot: LeasedSlot) -> None:
        """The call is over, and the slot free for the next one."""
        if slot.usable:
            pool.give(slot, asyncio.get_running_loop().time())
        if pool.waiting:
            self._ask_if_wanted(pool)

    def discard(self, slot: LeasedSlot, reason: Literal["timeout", "cancelled", "protocol"]) -> None:
        """Ends a slot in an unknown state."""
        if self._link is not None:
            self._link.send(Discard(slot.slot_id, reason))
        slot.close()

    def _ask_if_wanted(self, pool: VersionPool) -> None:
        if self._link is None or not pool.wants_slot():
            return
        self._request_id += 1
        pool.asked += 1
        self._requests[self._request_id] = pool
        self._link.send(Lease(self._request_id, pool.spec))

    def _on_message(self, message: FromAgent, descriptors: list[int]) -> None:
        match message:
            case Leased():
                self._spawn(self._open_slot(message, descriptors))
            case LeaseFailed():
                self._on_lease_failed(message)
            case Exited():
                slot = self._slots.pop(message.slot_id, None)
                if slot is not None and not slot.exited.done():
                    slot.exited.set_result(message)
            case Recall():
                self._on_recall(message)

    async def _open_slot(self, leased: Leased, descriptors: list[int]) -> None:
        pool = self._requests.pop(leased.request_id, None)
        if pool is None:  # asked for before the link broke
            close_all(descriptors)
            return
        channel, *usage = descriptors
        slot = LeasedSlot(
            slot_id=leased.slot_id,
            version_id=pool.spec.version_id,
            load_us=leased.load_us,
            usage=UsageReader(leased.usage, usage),
            on_lost=self._on_slot_lost,
        )
        self._slots[leased.slot_id] = slot
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: slot, sock=socket.socket(fileno=channel))
        pool.asked -= 1
        pool.slots += 1
        self.take_back(pool, slot)

    def _on_lease_failed(self, failed: LeaseFailed) -> None:
        pool = self._requests.pop(failed.request_id, None)
        if pool is None:
            return
        pool.asked -= 1
        if failed.failure is not None:
            pool.fail_waiting(LoadFailed(failed.failure, failed.load_us))
        elif pool.waiting:  # the machine is full: someone will give a slot back
            asyncio.get_running_loop().call_later(FULL_RETRY_SECONDS, self._ask_if_wanted, pool)

    def _on_recall(self, recall: Recall) -> None:
        """Gives back the slot that the agent names if it is idle, or the one that is idle for longest."""
        idle = [slot for pool in self._pools.values() for slot in pool.idle]
        if not idle:
            return
        named = self._slots.get(recall.slot_id)
        slot = named if named in idle else min(idle, key=lambda slot: slot.idle_since)
        assert slot is not None, "one of those that are idle"
        self._pools[slot.version_id].idle.remove(slot)
        self._release(slot)

    def _release(self, slot: LeasedSlot) -> None:
        if self._link is not None:
            self._link.send(Release(slot.slot_id))
        slot.close()

    def _on_slot_lost(self, slot: LeasedSlot) -> None:
        pool = self._pools[slot.version_id]
        pool.slots -= 1
        if slot in pool.idle:
            pool.idle.remove(slot)
        self._ask_if_wanted(pool)

    async def _give_back_idle(self) -> None:
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, self._idle_seconds / 2))
            before = asyncio.get_running_loop().time() - self._idle_seconds
            for version_id, pool in list(self._pools.items()):
                for slot in pool.take_expired(before):
                    self._release(slot)
                if pool.unused:
                    del self._pools[version_id]

    async def _stay_connected(self) -> None:
        while True:
            connected = await self._connect()
            self._lost.clear()
            self._link = AgentLink(connected, on_message=self._on_message, on_lost=self._on_link_lost)
            for pool in list(self._pools.values()):
                self._ask_if_wanted(pool)
            await self._lost.wait()

    async def _connect(self) -> socket.socket:
        pause, longest = RECONNECT_SECONDS
        while True:
            with suppress(OSError):
                return connect(self._agent_socket)
            await asyncio.sleep(pause)
            pause = min(longest, 2 * pause)

    def _on_link_lost(self) -> None:
        """The agent is gone, and its slots with it."""
        logger.warning("The agent at %s is gone.", self._agent_socket)
        self._link = None
        self._requests.clear()
        for pool in self._pools.values():
            pool.asked = 0
        for slot in list(self._slots.values()):
            slot.close()
        self._slots.clear()
        self._lost.set()

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
