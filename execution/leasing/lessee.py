"""Keeps the pools of all versions and the link to the agent: asks for slots, gets them, gives them back."""

import asyncio
import logging
import math
import socket
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Literal

from execution.errors import AllSlotsHeld, Unavailable
from execution.leasing.agent_link import AgentLink, close_all, reach
from execution.leasing.deadlines import Deadlines
from execution.leasing.doors import Door
from execution.leasing.pool import EAGER_SLOTS, VersionPool
from execution.leasing.pools import Pools
from execution.leasing.processors import Processors
from execution.leasing.profiles import Profiles
from execution.leasing.questions import Questions
from execution.leasing.sights import Sight, look_at_machine, look_at_pools
from execution.leasing.slot import LeasedSlot, LoadFailed
from execution.leasing.slot_questions import SlotQuestions
from execution.leasing.usage import DESCRIPTORS, UsageReader
from execution.protocol.agent_messages import (
    Cleaned,
    Discard,
    DoorOpened,
    Drain,
    EndWarm,
    Exited,
    Fetch,
    FromAgent,
    Lease,
    Leased,
    LeaseFailed,
    Log,
    Recall,
    Release,
    Resume,
    Seen,
    SetDraining,
    VersionSpec,
)

logger = logging.getLogger(__name__)

IDLE_SECONDS = 60.0
SWEEP_SECONDS = 1.0
REVIEW_SECONDS = 0.1
"""While calls wait, how often to see whether more slots would help."""
FULL_SECONDS = 0.25
BROKEN_SECONDS = 1.0
"""How long to leave the agent alone with a version that it could not lease, or that did not load."""
EXIT_NEWS_SECONDS = 0.5
"""How long the end of a channel and the agent's word on the end of its process may be apart."""


class Lessee:
    """One per gateway process, and one link to one agent."""

    def __init__(self, agent_socket: Path, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._agent_socket = agent_socket
        self._idle_seconds = idle_seconds
        self.profiles = Profiles()
        self._pools = Pools(self.profiles)
        self._slots: dict[int, LeasedSlot] = {}
        """Leased over the present link, and not given back. An agent that starts again counts from the beginning."""
        self.deadlines = Deadlines(self._slots)
        self._requests: dict[int, VersionPool] = {}
        self.serve_door: Callable[[Door], None] = Door.close
        """Serves a new door, or closes it."""
        self._doors: dict[int, Door] = {}
        """Of slots that load, by the id of the request."""
        self._questions = Questions()
        self.slot_questions = SlotQuestions(self._questions, self._find_link)
        self._request_id = 0
        self._link: AgentLink | None = None
        self._lost = asyncio.Event()
        self._processors = Processors()
        self._review_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._openings: set[asyncio.Task[None]] = set()
        self._closed = False
        self._observed_at = 0.0
        """When the calls of each slot were counted last."""
        self._loop: asyncio.AbstractEventLoop

    async def start(self) -> None:
        """Connects, now or as soon as there is an agent, and again whenever the link breaks."""
        self._loop = asyncio.get_running_loop()  # kept, since asking for it is a system call
        self._observed_at = self._loop.time()
        _spawn(self._stay_connected(), self._tasks)
        _spawn(self._give_back_idle(), self._tasks)

    async def close(self) -> None:
        """Hangs up; the agent ends the slots."""
        self._closed = True
        if self._link is not None:
            self._link.close()
        self._abandon_slots()
        if self._review_timer is not None:
            self._review_timer.cancel()
        self.deadlines.close()
        for task in self._tasks:
            task.cancel()
        # Slots that are being opened are not stopped half way: they close when they are open.
        await asyncio.gather(*self._tasks, *self._openings, return_exceptions=True)
        for pool in self._pools:
            pool.fail_waiting(Unavailable("the gateway is shutting down"))
        await asyncio.sleep(0)  # channels close in the loop's next turn

    def pool_of(self, spec: VersionSpec) -> VersionPool:
        """The version's pool, made if there is none."""
        pool = self._pools.of(spec)
        if pool.spec is not spec and pool.spec != spec:
            self._renew(pool, spec)
        return pool

    def _renew(self, pool: VersionPool, spec: VersionSpec) -> None:
        """From now on calls have slots with what is known of the version now; running calls end with what was."""
        pool.renew(spec, asked_before=self._request_id)
        for slot in pool.take_expired(math.inf):
            self._give_up(slot, Release(slot.slot_id))

    async def wait_for_slot(
        self, pool: VersionPool, caller: str, deadline: float, *, nested: bool = False
    ) -> LeasedSlot:
        """A slot, when it is this caller's turn; see that it is still usable. `nested`: a running call waits for it.

        Raises QueueFull, LoadFailed, Unavailable, AllSlotsHeld, TimeoutError.
        """
        now = self._loop.time()
        if self._closed:
            raise Unavailable("the gateway is shutting down")
        if pool.broken is not None and now < pool.asks_again_at:
            raise LoadFailed(pool.broken, 0)
        waiter: asyncio.Future[LeasedSlot] = self._loop.create_future()
        pool.join(caller, waiter, now, nested=nested)
        self._ask(pool)
        self._review_later()
        self.deadlines.begin_wait(waiter, deadline)
        try:
            return await waiter
        except TimeoutError:
            pool.leave(caller, waiter)
            raise
        except asyncio.CancelledError:
            pool.leave(caller, waiter)
            if not waiter.cancelled() and waiter.exception() is None:  # it was just handed over
                self.take_back(pool, waiter.result())
            raise
        finally:
            self.deadlines.end_wait(waiter)

    def take_back(self, pool: VersionPool, slot: LeasedSlot) -> None:
        """The slot is free for the next call."""
        if not slot.usable:
            return
        if not pool.may_keep(slot):
            self._give_up(slot, Release(slot.slot_id))
            return
        pool.give(slot, self._loop.time())
        if pool.count_waiting() and len(pool.leased) < EAGER_SLOTS:
            self._ask(pool)

    def _find_link(self, slot: LeasedSlot) -> AgentLink | None:
        return self._link if self._slots.get(slot.slot_id) is slot else None

    async def look(self) -> Sight:
        """What there is to see now."""
        node = await look_at_machine(self._questions, self._link)
        return look_at_pools(node, self._pools)

    def recall(self, slot_id: int) -> None:
        """Gives a slot back: at once if it is idle, or nobody's; after its call otherwise."""
        slot = self._slots.get(slot_id)
        if slot is None:
            self.tell_agent(EndWarm(slot_id))
            return
        slot.recalled = True
        if self._pools.take(slot):
            self._give_up(slot, Release(slot_id))

    def tell_agent(self, message: EndWarm | Fetch | SetDraining) -> None:
        """What is not answered; without an agent there is nothing to be done."""
        if self._link is not None:
            self._link.send(message)

    def discard(self, slot: LeasedSlot, reason: Literal["timeout", "cancelled", "protocol"]) -> None:
        """Ends a slot in an unknown state."""
        self._give_up(slot, Discard(slot.slot_id, reason))

    def _give_up(self, slot: LeasedSlot, message: Release | Discard) -> None:
        if self._slots.get(slot.slot_id) is slot:
            del self._slots[slot.slot_id]
            if self._link is not None:
                self._link.send(message)
        slot.close()

    def _ask(self, pool: VersionPool, *, spare: bool = False) -> None:
        if self._link is None:
            return
        wanted = pool.count_wanted(self._loop.time(), spare=spare)
        if wanted and pool.count_working() and self._pools.any_starved():
            return  # what becomes free is theirs
        for _ in range(wanted):
            self._request_id += 1
            pool.asked += 1
            self._requests[self._request_id] = pool
            self._link.send(Lease(self._request_id, pool.spec))

    def _review_later(self) -> None:
        if self._review_timer is None:
            self._processors.begin()
            self._review_timer = self._loop.call_later(REVIEW_SECONDS, self._review)

    def _review(self) -> None:
        """Asks where the queue, or a lease that failed, is reason to ask again."""
        self._review_timer = None
        pools = [pool for pool in self._pools if pool.count_waiting()]
        if not pools:
            return
        spare = self._processors.have_spare()
        for pool in pools:
            self._ask(pool, spare=spare)
        self._review_later()

    def _on_message(self, message: FromAgent, descriptors: list[int]) -> None:
        match message:
            case DoorOpened():
                self._on_door(message, descriptors)
            case Leased():
                self._on_leased(message, descriptors)
            case LeaseFailed():
                self._on_lease_failed(message)
            case Exited():
                self._on_exited(message)
            case Log() | Cleaned() | Seen():
                self._questions.take(message)
            case Recall():
                self._on_recall()
            case Drain():
                self._set_draining(True)
            case Resume():
                self._resume()

    def _on_door(self, opened: DoorOpened, descriptors: list[int]) -> None:
        pool = self._requests.get(opened.request_id)
        if pool is None or not descriptors:
            close_all(descriptors)
            return
        door = Door(socket.socket(fileno=descriptors[0]), pool.spec)
        self._doors[opened.request_id] = door
        self.serve_door(door)

    def _on_leased(self, leased: Leased, descriptors: list[int]) -> None:
        pool = self._requests.pop(leased.request_id)
        pool.asked -= 1
        door = self._doors.pop(leased.request_id, None)
        if len(descriptors) != 1 + DESCRIPTORS:
            logger.error("A slot of %s came without its descriptors: this process has too many open.", pool.spec.name)
            close_all(descriptors)
            pool.asks_again_at = self._loop.time() + FULL_SECONDS
            if self._link is not None:
                self._link.send(Discard(leased.slot_id, "protocol"))
            if door is not None:
                door.close()
            return
        channel, *usage = descriptors
        slot = LeasedSlot(
            slot_id=leased.slot_id,
            load_us=leased.load_us,
            usage=UsageReader(leased.usage, usage),
            on_lost=partial(self._on_slot_lost, pool, door),
        )
        slot.recalled = leased.request_id <= pool.stale_request
        if door is not None:
            door.lead_to(slot)
        self._slots[leased.slot_id] = slot
        pool.add(slot, self._loop.time())
        _spawn(self._open_slot(pool, slot, socket.socket(fileno=channel)), self._openings)

    async def _open_slot(self, pool: VersionPool, slot: LeasedSlot, channel: socket.socket) -> None:
        await self._loop.create_unix_connection(lambda: slot, sock=channel)
        slot.note_open()
        self.take_back(pool, slot)

    def _on_lease_failed(self, failed: LeaseFailed) -> None:
        pool = self._requests.pop(failed.request_id)
        pool.asked -= 1
        if failed.request_id in self._doors:
            self._doors.pop(failed.request_id).close()
        pool.refused = failed.failure is None
        broken = failed.failure is not None and not pool.leased  # else there is proof that the version loads
        pool.asks_again_at = self._loop.time() + (BROKEN_SECONDS if broken else FULL_SECONDS)
        if failed.failure is not None and broken:
            pool.broken = failed.failure
            pool.fail_waiting(LoadFailed(failed.failure, failed.load_us))
        if pool.starved and not self._pools.any_works():
            pool.fail_nested(AllSlotsHeld())  # one: the end of those that wait for it makes room for the others

    def _on_exited(self, exited: Exited) -> None:
        slot = self._slots.pop(exited.slot_id, None)
        if slot is None:
            return
        slot.note_exit(exited)
        if slot.busy:  # its answer may be in the channel; without one, a child may hold the channel open for ever
            self._loop.call_later(EXIT_NEWS_SECONDS, slot.close)
        else:
            slot.close()

    def _on_recall(self) -> None:
        """Gives back the idle slot that is least worth keeping. If all are busy and a version has none, the one that
        has most of them gives one up after its call."""
        self._observe_rates()
        slot = self._pools.take_least()
        if slot is not None:
            self._give_up(slot, Release(slot.slot_id))
        else:
            self._pools.recall_busy()

    def _set_draining(self, draining: bool) -> None:
        self._pools.set_draining(draining)
        for pool in self._pools:
            for slot in pool.take_expired(math.inf) if draining else ():
                self._give_up(slot, Release(slot.slot_id))

    def _resume(self) -> None:
        """The agent that was to be free of calls takes leases again."""
        self._set_draining(False)
        for pool in self._pools:
            self._ask(pool)

    def _on_slot_lost(self, pool: VersionPool, door: Door | None, slot: LeasedSlot) -> None:
        if door is not None:
            door.close()
        pool.drop(slot)
        self._ask(pool)
        if self._slots.get(slot.slot_id) is slot:
            self._loop.call_later(EXIT_NEWS_SECONDS, self.discard, slot, "protocol")

    async def _give_back_idle(self) -> None:
        while True:
            await asyncio.sleep(min(SWEEP_SECONDS, self._idle_seconds / 2))
            self._observe_rates()
            for slot in self._pools.take_expired(self._loop.time(), idle_seconds=self._idle_seconds):
                self._give_up(slot, Release(slot.slot_id))

    def _observe_rates(self) -> None:
        now = self._loop.time()
        for slot in self._slots.values():
            slot.observe_rate(now - self._observed_at)
        self._observed_at = now

    async def _stay_connected(self) -> None:
        while True:
            connected = await reach(self._agent_socket)
            self._lost.clear()
            self._link = AgentLink(connected, on_message=self._on_message, on_lost=self._on_link_lost)
            for pool in self._pools:
                self._ask(pool)
            await self._lost.wait()

    def _on_link_lost(self) -> None:
        """The agent is gone, and its slots with it."""
        level = logging.INFO if self._pools.draining else logging.WARNING
        logger.log(level, "The agent at %s is gone.", self._agent_socket)
        self._link = None
        self._set_draining(False)
        self._requests.clear()
        for pool in self._pools:
            pool.asked = 0
            pool.refused = False
            pool.asks_again_at = 0.0
        self._abandon_slots()
        self._lost.set()

    def _abandon_slots(self) -> None:
        for slot in self._slots.values():
            slot.note_exit(None)
            slot.close()
        self._slots.clear()
        for door in self._doors.values():
            door.close()
        self._doors.clear()


def _spawn(work: Coroutine[None, None, None], tasks: set[asyncio.Task[None]]) -> None:
    """Starts a task that is one of `tasks` until it ends."""
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
