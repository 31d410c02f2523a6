"""What is asked of the gateways, and what they answer: what runs now, and orders of those who look after it.

Nothing is written while nobody asks. A question is published; each gateway that runs answers it, within a moment.

| key | type | value |
| --- | --- | --- |
| `monitor:questions` | channel | Question as JSON |
| `monitor:answers:<id>` | list | Sight or Done as JSON, one of each gateway |
"""

import time
import uuid
from functools import cache

import msgspec
import redis
from django.conf import settings

from execution.client import NodeSeen

QUESTIONS = "monitor:questions"
ANSWERS = "monitor:answers:"
ANSWER_SECONDS = 10
PATIENCE_SECONDS = 0.6
"""How long to wait for gateways: one that is so busy is left out."""


class Look(msgspec.Struct, frozen=True, tag="look"):
    """What runs?"""


class EndCall(msgspec.Struct, frozen=True, tag="end_call"):
    """End this call."""

    call_id: str
    reason: str
    """For its caller."""


class EndSlot(msgspec.Struct, frozen=True, tag="end_slot"):
    """End this slot, after the call that it runs."""

    node: str
    slot_id: int


class SetDraining(msgspec.Struct, frozen=True, tag="set_draining"):
    """Begin no more calls on this machine, or take calls there again."""

    node: str
    draining: bool


Order = EndCall | EndSlot | SetDraining


class Question(msgspec.Struct, frozen=True):
    """`id` names the list that the answers go to."""

    id: str
    what: Look | Order


class RunningCall(msgspec.Struct, frozen=True):
    """A call that waits for its slot, or runs in it."""

    call_id: str
    root_id: str | None
    """The first call of its tree; None for that one itself."""
    parent_id: str | None
    algorithm: str
    """`owner/name`"""
    version: str
    author_id: str
    """The organization of the algorithm, and of the caller: UUIDs."""
    payer_id: str
    user_id: int
    key_id: str | None
    started_at: int
    """Microseconds since the epoch."""
    slot_id: int | None
    """None while it waits."""


class HeldSlot(msgspec.Struct, frozen=True):
    """A slot that the gateway has leased."""

    slot_id: int
    algorithm: str
    version: str
    author_id: str
    busy: bool
    calls: int
    cpu_us: int
    memory: int


class Queue(msgspec.Struct, frozen=True):
    """The slots and waiting calls of a version at the gateway."""

    algorithm: str
    version: str
    author_id: str
    waiting: int
    slots: int
    busy: int
    run_us: int


class Sight(msgspec.Struct, frozen=True, tag="sight"):
    """What one gateway sees."""

    gateway: str
    """`host:process id`"""
    node: NodeSeen | None
    calls: tuple[RunningCall, ...]
    """The oldest; `call_count` is all of them."""
    call_count: int
    slots: tuple[HeldSlot, ...]
    queues: tuple[Queue, ...]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """Whether an order was this gateway's to follow."""

    done: bool


_answer = msgspec.json.Decoder(Sight | Done)


def look() -> list[Sight]:
    """What the gateways see now. Raises redis.RedisError."""
    return [answer for answer in _ask(Look()) if isinstance(answer, Sight)]


def order(what: Order) -> bool:
    """Whether any gateway has followed it. Raises redis.RedisError."""
    return any(isinstance(answer, Done) and answer.done for answer in _ask(what))


def _ask(what: Look | Order) -> list[Sight | Done]:
    question = Question(uuid.uuid4().hex, what)
    missing = _client().publish(QUESTIONS, msgspec.json.encode(question))
    deadline, answers = time.monotonic() + PATIENCE_SECONDS, []
    while missing > 0 and (left := deadline - time.monotonic()) > 0:
        found = _client().blpop([ANSWERS + question.id], timeout=left)
        if found is None:
            break
        answers.append(_answer.decode(found[1]))
        missing -= 1
    return answers


@cache
def _client() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, client_name="monitor")
