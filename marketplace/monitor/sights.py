"""What runs now, as one picture: the gateways' sights put together, for whom it is. Pure; times are seconds."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from marketplace.directory.monitoring import HeldSlot, Queue, RunningCall, Sight

Place = tuple[str, int]
"""A node and one of its slots."""


@dataclass(frozen=True)
class Node:
    """A machine with slots."""

    name: str
    processors: int
    load: float
    memory: int
    memory_free: int
    slots: int
    max_slots: int
    draining: bool

    @property
    def memory_share(self) -> int:
        """Per cent in use."""
        return round(100 * (self.memory - self.memory_free) / max(1, self.memory))


@dataclass(frozen=True)
class CallSeen:
    """A call in progress."""

    call: RunningCall
    node: str
    age: float
    memory: int = 0
    """Of its slot, in bytes."""
    processors: float | None = None
    """How many its slot kept busy since it was looked at before; None before that."""

    @property
    def waiting(self) -> bool:
        """Whether it has no slot yet."""
        return self.call.slot_id is None


@dataclass(frozen=True)
class SlotSeen:
    """A slot. `held` is None for one that no gateway has: it boots, is warm, or loads."""

    node: str
    slot_id: int
    environment: str
    state: str
    network: bool
    age: float
    held: HeldSlot | None = None
    processors: float | None = None


@dataclass(frozen=True)
class WarmPool:
    """The slots of an environment that wait for a version."""

    node: str
    environment: str
    warm: int
    booting: int


@dataclass(frozen=True)
class Picture:
    """Everything that one may see. `at` is monotonic, `cpu_us` is what the slots had used then."""

    at: float
    nodes: tuple[Node, ...]
    calls: tuple[CallSeen, ...]
    call_count: int
    slots: tuple[SlotSeen, ...]
    queues: tuple[Queue, ...]
    warm: tuple[WarmPool, ...]
    cpu_us: Mapping[Place, int]


def compose(sights: Sequence[Sight], *, before: Picture | None = None) -> Picture:
    """All that the gateways see; with how busy each slot was since `before`."""
    now, at = time.time(), time.monotonic()
    held = {(_node_of(sight), slot.slot_id): slot for sight in sights for slot in sight.slots}
    cpu_us = {place: slot.cpu_us for place, slot in held.items()}
    busy = _count_processors(cpu_us, at, before)
    slots = _slots_of(sights, held, busy)
    calls = [_see_call(call, _node_of(sight), now, held, busy) for sight in sights for call in sight.calls]
    return Picture(
        at=at,
        nodes=_nodes_of(sights),
        calls=tuple(sorted(calls, key=lambda seen: seen.call.started_at)),
        call_count=sum(sight.call_count for sight in sights),
        slots=slots,
        queues=_add_queues([queue for sight in sights for queue in sight.queues]),
        warm=_warm_of(slots),
        cpu_us=cpu_us,
    )


def narrow(picture: Picture, organization_id: str) -> Picture:
    """What an organization may see: the calls that it pays for, and the slots and queues of its algorithms."""
    calls = tuple(seen for seen in picture.calls if seen.call.payer_id == organization_id)
    slots = tuple(slot for slot in picture.slots if slot.held is not None and slot.held.author_id == organization_id)
    queues = tuple(queue for queue in picture.queues if queue.author_id == organization_id)
    return replace(picture, nodes=(), calls=calls, call_count=len(calls), slots=slots, queues=queues, warm=())


def _node_of(sight: Sight) -> str:
    return sight.node.name if sight.node is not None else ""


def _count_processors(cpu_us: Mapping[Place, int], at: float, before: Picture | None) -> dict[Place, float]:
    if before is None or at <= before.at:
        return {}
    seconds = at - before.at
    return {
        place: max(0.0, (used - before.cpu_us[place]) / 1e6 / seconds)
        for place, used in cpu_us.items()
        if place in before.cpu_us
    }


def _see_call(
    call: RunningCall, node: str, now: float, held: Mapping[Place, HeldSlot], busy: Mapping[Place, float]
) -> CallSeen:
    place = (node, -1 if call.slot_id is None else call.slot_id)
    slot = held.get(place)
    age = max(0.0, now - call.started_at / 1e6)
    return CallSeen(call, node, age, slot.memory if slot is not None else 0, busy.get(place))


def _nodes_of(sights: Sequence[Sight]) -> tuple[Node, ...]:
    found = {sight.node.name: sight.node for sight in sights if sight.node is not None}
    return tuple(
        Node(
            name=node.name,
            processors=node.processors,
            load=node.load,
            memory=node.memory,
            memory_free=node.memory_free,
            slots=len(node.slots),
            max_slots=node.max_slots,
            draining=node.draining,
        )
        for _, node in sorted(found.items())
    )


def _slots_of(
    sights: Sequence[Sight], held: Mapping[Place, HeldSlot], busy: Mapping[Place, float]
) -> tuple[SlotSeen, ...]:
    """Each once, though several gateways see the same machine."""
    found: dict[Place, SlotSeen] = {}
    for sight in sights:
        for slot in sight.node.slots if sight.node is not None else ():
            place = (_node_of(sight), slot.slot_id)
            found[place] = SlotSeen(
                node=_node_of(sight),
                slot_id=slot.slot_id,
                environment=slot.environment,
                state=slot.state,
                network=slot.network,
                age=slot.age_seconds,
                held=held.get(place),
                processors=busy.get(place),
            )
    return tuple(slot for _, slot in sorted(found.items()))


def _warm_of(slots: Sequence[SlotSeen]) -> tuple[WarmPool, ...]:
    counts: dict[tuple[str, str], list[int]] = {}
    for slot in slots:
        if slot.state in {"warm", "booting"}:
            counts.setdefault((slot.node, slot.environment), [0, 0])[slot.state == "booting"] += 1
    return tuple(WarmPool(*name, *count) for name, count in sorted(counts.items()))


def _add_queues(queues: Sequence[Queue]) -> tuple[Queue, ...]:
    """One of each version, with those that wait for longest first."""
    sums: dict[tuple[str, str], Queue] = {}
    for queue in queues:
        name = (queue.algorithm, queue.version)
        other = sums.get(name)
        sums[name] = queue if other is None else _add(queue, other)
    return tuple(sorted(sums.values(), key=lambda queue: (-queue.waiting * queue.run_us, queue.algorithm)))


def _add(one: Queue, other: Queue) -> Queue:
    return Queue(
        algorithm=one.algorithm,
        version=one.version,
        author_id=one.author_id,
        waiting=one.waiting + other.waiting,
        slots=one.slots + other.slots,
        busy=one.busy + other.busy,
        run_us=max(one.run_us, other.run_us),
    )
