"""The gateways' sights as one picture."""

import time

from execution.client import NodeSeen, SlotSeen
from marketplace.directory.monitoring import HeldSlot, Queue, RunningCall, Sight
from marketplace.monitor.sights import compose, narrow

ALICE, BOB = "alice's id", "bob's id"


def make_call(
    call_id: str, *, payer: str = ALICE, author: str = BOB, slot: int | None = None, age: float = 1
) -> RunningCall:
    began = round((time.time() - age) * 1e6)
    return RunningCall(call_id, None, None, "bob/echo", "1.0.0", author, payer, 1, None, began, slot)


def make_slot(slot_id: int, state: str = "leased") -> SlotSeen:
    return SlotSeen(slot_id, "python3", state, network=False, pid=9, age_seconds=2.0)  # type: ignore[arg-type]


def make_sight(gateway: str, *, slots: tuple[SlotSeen, ...], held: tuple[HeldSlot, ...] = (), **more: object) -> Sight:
    node = NodeSeen("vm", 2, 0.5, 100, 40, 64, draining=False, slots=slots)
    values: dict[str, object] = {"calls": (), "queues": (), **more}
    calls = values["calls"]
    assert isinstance(calls, tuple)
    return Sight(gateway, node, calls, len(calls), held, values["queues"])  # type: ignore[arg-type]


def held_by(author: str, slot_id: int, *, cpu_us: int = 0) -> HeldSlot:
    return HeldSlot(slot_id, "bob/echo", "1.0.0", author, busy=True, calls=3, cpu_us=cpu_us, memory=7)


def test_two_gateways_of_one_machine_are_one_picture() -> None:
    slots = (make_slot(1), make_slot(2), make_slot(3, "warm"))
    queue = Queue("bob/echo", "1.0.0", BOB, waiting=2, slots=1, busy=1, run_us=10)
    first = make_sight("a", slots=slots, held=(held_by(BOB, 1),), calls=(make_call("young", slot=1),), queues=(queue,))
    second = make_sight("b", slots=slots, held=(held_by(BOB, 2),), calls=(make_call("old", age=9),), queues=(queue,))
    picture = compose([first, second])
    assert [(slot.slot_id, slot.held is not None) for slot in picture.slots] == [(1, True), (2, True), (3, False)]
    assert [seen.call.call_id for seen in picture.calls] == ["old", "young"]
    assert [seen.waiting for seen in picture.calls] == [True, False]
    assert [seen.memory for seen in picture.calls] == [0, 7]
    assert (picture.queues[0].waiting, picture.queues[0].slots) == (4, 2)
    assert [(node.name, node.slots, node.memory_share) for node in picture.nodes] == [("vm", 3, 60)]
    assert [(pool.environment, pool.warm, pool.booting) for pool in picture.warm] == [("python3", 1, 0)]


def test_how_busy_a_slot_was_is_seen_at_the_second_look() -> None:
    call = make_call("one", slot=1)
    before = compose([make_sight("a", slots=(make_slot(1),), held=(held_by(BOB, 1, cpu_us=0),), calls=(call,))])
    assert before.calls[0].processors is None
    held = (held_by(BOB, 1, cpu_us=500_000),)
    now = compose([make_sight("a", slots=(make_slot(1),), held=held, calls=(call,))], before=before)
    assert now.calls[0].processors is not None
    assert now.calls[0].processors > 0
    assert now.calls[0].processors == now.slots[0].processors


def test_an_organization_sees_its_calls_and_its_algorithms_slots_and_nothing_else() -> None:
    slots = (make_slot(1), make_slot(2), make_slot(3, "warm"))
    queues = (Queue("bob/echo", "1.0.0", BOB, 1, 1, 1, 1), Queue("alice/own", "1.0.0", ALICE, 0, 1, 0, 1))
    calls = (make_call("hers", payer=ALICE, slot=1), make_call("his", payer=BOB, slot=2))
    held = (held_by(BOB, 1), held_by(ALICE, 2))
    picture = narrow(compose([make_sight("a", slots=slots, held=held, calls=calls, queues=queues)]), ALICE)
    assert [seen.call.call_id for seen in picture.calls] == ["hers"]
    assert [slot.slot_id for slot in picture.slots] == [2]
    assert [queue.algorithm for queue in picture.queues] == ["alice/own"]
    assert (picture.nodes, picture.warm, picture.call_count) == ((), (), 1)


def test_a_gateway_without_an_agent_is_seen_too() -> None:
    sight = Sight("a", None, (make_call("one"),), 1, (), ())
    picture = compose([sight])
    assert (picture.nodes, picture.slots) == ((), ())
    assert picture.calls[0].waiting
