"""All slots of this machine: boots them, keeps some warm, hands them to leases, and clears them away."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from execution.agent.demand import Demand
from execution.agent.launcher import Launcher
from execution.agent.preparation import Bootable
from execution.agent.slot import BootFailed, Slot, SlotState
from execution.agent.warm_pool import Boot, CallIn, Census, GiveUp, SlotKind, refill, relieve, serve
from execution.config import AgentConfig
from execution.environments import Environment
from execution.protocol.agent_messages import SlotSeen

logger = logging.getLogger(__name__)

ROOM_SECONDS = 1.0
"""How long a lease waits for a booted slot before its gateway is told to try later."""
REST_SECONDS = 1.0
"""How long an environment that failed to boot is left alone."""
REFILL_SECONDS = 0.02
"""A lease that has just taken a warm slot loads it first: booting the next one would slow it down."""
WATCH_SECONDS = 0.1
REVIEW_SECONDS = 1.0
"""How often the warm pool is sized anew, and memory looked at."""
DEMAND_PART = 2
"""One part in so many of the slots may be kept warm because of demand."""


class MachineFull(Exception):
    """No slot can be had soon."""


@dataclass(eq=False)
class _Want:
    kind: SlotKind
    slot: asyncio.Future[Slot] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    called_in: bool = False


class Fleet:
    """One per agent."""

    def __init__(
        self,
        config: AgentConfig,
        launcher: Launcher,
        *,
        memory_left: Callable[[], bool],
        memory_short: Callable[[], bool],
        max_boots: int,
    ) -> None:
        self._config = config
        self._launcher = launcher
        self._memory_left = memory_left
        self._memory_short = memory_short
        self._max_boots = max_boots
        self._call_in: Callable[[], None] = lambda: None
        self._bootable: dict[str, Bootable] = {}
        self._demand = Demand(fixed=frozenset(config.warm_slots))
        self._targets: Mapping[SlotKind, int] = {}
        self._slots: dict[int, Slot] = {}
        """All that have a process, or of which something is left."""
        self._unwanted: set[int] = set()
        """Killed, and not cleared away yet."""
        self._wants: list[_Want] = []
        self._resting: set[SlotKind] = set()
        self._last_id = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._all_gone = asyncio.Event()
        self._refill_timer: asyncio.TimerHandle | None = None

    @property
    def network(self) -> bool:
        """Whether slots with the internet can be had."""
        return self._launcher.network

    def open(self, *, call_in: Callable[[], None]) -> None:
        """Begins to fill the warm pool. `call_in` asks the gateways for a slot that they do not use."""
        self._call_in = call_in
        if self._launcher.watched:
            self._spawn(self._watch())
        self._spawn(self._review())
        self.arrange()

    def add(self, bootable: Bootable) -> None:
        """From now on slots of this environment can be had, and some are kept warm. Harmless when repeated."""
        if bootable.id not in self._bootable:
            self._bootable[bootable.id] = bootable
            kind = SlotKind(bootable.id, network=False)
            self._demand.floors[kind] = count_warm(self._config, bootable.environment)
            self._size_pool()
            self.arrange()

    async def take(self, kind: SlotKind) -> Slot:
        """A warm slot, the caller's from now on, to load one version. The environment has been added.

        Raises MachineFull.
        """
        self._demand.of(kind).note_lease(asyncio.get_running_loop().time())
        want = _Want(kind)
        self._wants.append(want)
        self.arrange()
        try:
            async with asyncio.timeout(ROOM_SECONDS):
                return await want.slot
        except BaseException as error:
            self._forget(want)
            if isinstance(error, TimeoutError):
                raise MachineFull from None
            raise

    def _forget(self, want: _Want) -> None:
        """Nobody waits for it any more, not even if it has just been served."""
        if want in self._wants:
            self._wants.remove(want)
        elif not want.slot.cancelled():
            self.end(want.slot.result())

    def look(self) -> tuple[SlotSeen, ...]:
        """All slots that run."""
        return tuple(slot.look() for slot in self._alive())

    def end_warm(self, slot_id: int) -> None:
        """Kills a slot that nobody has; one that is leased, or is no more, stays as it is."""
        slot = next((slot for slot in self._warm() if slot.slot_id == slot_id), None)
        if slot is not None:
            self.end(slot)

    def end(self, slot: Slot) -> None:
        """Kills the slot, whatever it does."""
        slot.kill()
        if slot.slot_id in self._slots:
            self._unwanted.add(slot.slot_id)

    async def close(self, seconds: float) -> None:
        """Kills all slots, and returns when nothing is left of them, or after so many seconds."""
        self._closed = True
        for slot in list(self._slots.values()):
            self.end(slot)
        if self._slots:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._all_gone.wait(), seconds)
        for task in self._tasks:
            task.cancel()

    def arrange(self) -> None:
        """Does what is to be done now. Called whenever something has changed."""
        self._serve_wants()
        while not self._closed and (step := serve(self._census())) is not None:
            match step:
                case Boot(kind):
                    self._boot(kind)
                case GiveUp(kind):
                    self._end_warm(kind)
                case CallIn():
                    self._call_in_once()
                    break
        if self._refill_timer is None:
            self._refill_timer = asyncio.get_running_loop().call_later(REFILL_SECONDS, self._refill)

    async def _review(self) -> None:
        while not self._closed:
            self._size_pool()
            match relieve(replace(self._census(), memory_short=self._memory_short())):
                case GiveUp(kind):
                    self._end_warm(kind)
                case CallIn():
                    self._call_in()
            self.arrange()
            await asyncio.sleep(REVIEW_SECONDS)

    def _size_pool(self) -> None:
        now = asyncio.get_running_loop().time()
        self._targets = self._demand.size_pool(now, most=self._config.max_slots // DEMAND_PART)

    def _end_warm(self, kind: SlotKind) -> None:
        self.end(next(slot for slot in self._warm() if slot.kind == kind))

    def _refill(self) -> None:
        self._refill_timer = None
        match None if self._closed else refill(self._census()):
            case Boot(kind):
                self._boot(kind)
            case CallIn():
                self._call_in()

    def _call_in_once(self) -> None:
        """One slot for each lease that waits."""
        for want in self._wants:
            if not want.called_in:
                want.called_in = True
                self._call_in()

    def _serve_wants(self) -> None:
        for want in list(self._wants):
            slot = next((slot for slot in self._warm() if slot.kind == want.kind), None)
            if slot is not None and not want.slot.done() and self._memory_left():
                slot.begin_load()
                self._wants.remove(want)
                want.slot.set_result(slot)

    def _alive(self) -> list[Slot]:
        return [slot for slot in self._slots.values() if slot.ending is None and slot.slot_id not in self._unwanted]

    def _warm(self) -> list[Slot]:
        return [slot for slot in self._alive() if slot.state is SlotState.WARM]

    def _census(self) -> Census:
        alive = self._alive()
        states = Counter(slot.state for slot in alive)
        return Census(
            wanted=[want.kind for want in self._wants],
            warm=Counter(slot.kind for slot in alive if slot.state is SlotState.WARM),
            booting=Counter(slot.kind for slot in alive if slot.state is SlotState.BOOTING),
            ending=len(self._slots) - len(alive),
            leased=states[SlotState.LOADING] + states[SlotState.LEASED],
            targets=self._targets,
            resting=frozenset(self._resting),
            max_slots=self._config.max_slots,
            max_boots=self._max_boots,
            memory_left=self._memory_left(),
        )

    def _boot(self, kind: SlotKind) -> None:
        self._last_id += 1
        try:
            started = self._launcher.start(self._last_id, self._bootable[kind.environment_id], network=kind.network)
        except (OSError, IndexError) as error:
            self._rest(kind, str(error))
            return
        slot = Slot(self._last_id, kind, started)
        slot.when_ended(lambda: self._spawn(self._clear(slot)))
        self._slots[slot.slot_id] = slot
        self._spawn(self._boot_slot(slot))

    async def _boot_slot(self, slot: Slot) -> None:
        began = asyncio.get_running_loop().time()
        try:
            await slot.boot(self._config.boot_timeout)
        except BootFailed as error:
            if slot.slot_id not in self._unwanted:
                self._rest(slot.kind, str(error))
            self.end(slot)
        else:
            self._demand.of(slot.kind).note_boot(asyncio.get_running_loop().time() - began)
        self.arrange()

    def _rest(self, kind: SlotKind, reason: str) -> None:
        logger.error("A slot of %s cannot boot: %s", kind.environment_id, reason)
        self._resting.add(kind)
        asyncio.get_running_loop().call_later(REST_SECONDS, self._wake, kind)

    def _wake(self, kind: SlotKind) -> None:
        self._resting.discard(kind)
        self.arrange()

    async def _clear(self, slot: Slot) -> None:
        await slot.settle()
        await self._launcher.clear(slot.started)
        self._unwanted.discard(slot.slot_id)
        del self._slots[slot.slot_id]
        self.arrange()
        if not self._slots:
            self._all_gone.set()

    async def _watch(self) -> None:
        while not self._closed:
            for slot in list(self._slots.values()):
                slot.enforce()
            await asyncio.sleep(WATCH_SECONDS)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def count_warm(config: AgentConfig, environment: Environment) -> int:
    """How many slots of an environment to keep warm; more, by demand, if the operator has not said how many."""
    return config.warm_slots.get(environment.id, environment.manifest.warm_slots)
