"""What a gateway sees of the kernel: its slots and queues, and the machine behind the link."""

from collections.abc import Iterable

import msgspec

from execution.leasing.agent_link import AgentLink
from execution.leasing.pool import VersionPool
from execution.leasing.questions import Questions
from execution.leasing.slot import LeasedSlot
from execution.protocol.agent_messages import Look, NodeSeen, Seen

PATIENCE_SECONDS = 0.2


class LeasedSeen(msgspec.Struct, frozen=True):
    """A slot that this gateway has leased."""

    slot_id: int
    version_id: str
    busy: bool
    calls: int
    """Begun in it so far."""
    cpu_us: int
    """Processor time since it was booted."""
    memory: int
    """Bytes: the most that it held lately."""


class QueueSeen(msgspec.Struct, frozen=True):
    """A version with slots or waiting calls at this gateway."""

    version_id: str
    waiting: int
    slots: int
    busy: int
    run_us: int
    """What its calls take, on average."""


class Sight(msgspec.Struct, frozen=True):
    """All of it."""

    node: NodeSeen | None
    """None while there is no agent, or none that answers."""
    slots: tuple[LeasedSeen, ...]
    queues: tuple[QueueSeen, ...]


async def look_at_machine(questions: Questions, link: AgentLink | None) -> NodeSeen | None:
    """The machine behind the link; None if it does not say."""
    seen = await questions.ask(link, Look, patience=PATIENCE_SECONDS)
    return seen.node if isinstance(seen, Seen) else None


def look_at_pools(node: NodeSeen | None, pools: Iterable[VersionPool]) -> Sight:
    """What these pools hold, beside the machine."""
    pools = list(pools)
    slots = tuple(_look_at_slot(pool, slot) for pool in pools for slot in pool.leased)
    return Sight(node, slots, tuple(_look_at_queue(pool) for pool in pools))


def _look_at_slot(pool: VersionPool, slot: LeasedSlot) -> LeasedSeen:
    return LeasedSeen(
        slot_id=slot.slot_id,
        version_id=pool.spec.version_id,
        busy=slot.busy,
        calls=slot.calls,
        cpu_us=slot.usage.read_cpu_us(),
        memory=slot.usage.read_memory(),
    )


def _look_at_queue(pool: VersionPool) -> QueueSeen:
    return QueueSeen(
        version_id=pool.spec.version_id,
        waiting=pool.count_waiting(),
        slots=len(pool.leased),
        busy=sum(slot.busy for slot in pool.leased),
        run_us=round(pool.mean_run_seconds * 1e6),
    )
