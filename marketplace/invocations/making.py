"""What a worker does with a call that may wait. Whatever is killed, whenever, at most one answer is recorded.

A worker holds an advisory lock for as long as it has a call: one that is `running` while its lock is free has lost its
worker, and is queued again. Its algorithm may have run already, and runs again then.
"""

import logging
import time
import uuid
from datetime import datetime, timedelta

import msgspec
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from marketplace.invocations.call_states import move_call
from marketplace.invocations.contents import read_content, store_content
from marketplace.invocations.gateway_door import Answer, NotWanted, Unreachable, call_gateway
from marketplace.invocations.models import AsyncCall, CallState
from marketplace.invocations.submission import is_queue_empty, note_finished, queue_call, queue_lane, queue_lanes
from marketplace.worker_locks import has_worker, worker_lock

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
MOST_PUT_OFF = 30
LONGEST_PAUSE = 60.0
LANE_SECONDS = 5.0
"""How long a lane may keep a caller busy before others have a turn."""
WORKER_GRACE = timedelta(seconds=5)
"""How long a call may be `running` before its lock is looked at."""
MESSAGE_GRACE = timedelta(minutes=10)
"""How long a call may wait in the queue before its message is taken for lost; a second message is harmless."""
EMPTY_QUEUE_GRACE = timedelta(seconds=10)
"""The same while no message waits: it was lost with the caller that had it, or while the databases were away."""
SWEPT_AT_ONCE = 200
AWAY = "The platform could not be reached by its own workers."
GAVE_UP = "The call was begun {} times, and each time the platform lost it: it may take the machine down with it."


class _Outcome(msgspec.Struct):
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Outcome)


def run_call(call_id: uuid.UUID) -> None:
    """Makes the call, if it is queued. Safe to repeat."""
    if not _begin(call_id):
        return
    pause = _run(AsyncCall.objects.get(pk=call_id))
    if pause is not None:
        queue_call(call_id, seconds=pause)


def run_lane(batch_id: uuid.UUID, lane: int) -> None:
    """Makes calls of the batch, one after the other, for a while. Safe to repeat."""
    with worker_lock(f"lane:{batch_id}:{lane}") as alone:
        if not alone:
            return
        until = time.monotonic() + LANE_SECONDS
        while (call := _take_next(batch_id)) is not None:
            pause = _run(call)
            if pause is not None or time.monotonic() > until:
                queue_lane(batch_id, lane, seconds=pause or 0)
                return


def requeue_lost_calls(*, now: datetime) -> list[uuid.UUID]:
    """Queues again the calls whose worker died, and those whose message was lost."""
    running = AsyncCall.objects.filter(state=CallState.RUNNING, started_at__lt=now - WORKER_GRACE)
    left = [call for call in running.only("id", "batch_id", "attempts") if not has_worker(_lock_name(call.id))]
    lost = [call for call in left if _take_back(call, now)]
    grace = EMPTY_QUEUE_GRACE if is_queue_empty() else MESSAGE_GRACE
    waiting = AsyncCall.objects.filter(state=CallState.QUEUED, due_at__lt=now - grace)
    lost += waiting.only("id", "batch_id").order_by("due_at")[:SWEPT_AT_ONCE]
    AsyncCall.objects.filter(pk__in=[call.id for call in lost], state=CallState.QUEUED).update(due_at=now)
    for call in lost:
        if call.batch_id is None:
            queue_call(call.id)
    for batch_id in {call.batch_id for call in lost if call.batch_id is not None}:
        queue_lanes(batch_id)
    return [call.id for call in lost]


def _take_back(call: AsyncCall, now: datetime) -> bool:
    """False if it was begun again, or has ended, since its lock was looked at."""
    back = {"origin": CallState.RUNNING, "target": CallState.QUEUED}
    return move_call(call.id, **back, attempt=call.attempts, due_at=now)


def _begin(call_id: uuid.UUID) -> bool:
    begun = {"started_at": timezone.now(), "attempts": F("attempts") + 1}
    return move_call(call_id, origin=CallState.QUEUED, target=CallState.RUNNING, **begun)


@transaction.atomic
def _take_next(batch_id: uuid.UUID) -> AsyncCall | None:
    """The next call of the batch, begun; None when there is none that is due."""
    queued = AsyncCall.objects.filter(batch=batch_id, state=CallState.QUEUED, due_at__lte=timezone.now())
    call = queued.select_for_update(skip_locked=True).order_by("position").first()
    if call is None:
        return None
    _begin(call.id)
    call.attempts += 1
    return call


def _run(call: AsyncCall) -> float | None:
    """Makes a call that was begun. Seconds after which it is to be begun again, or None when it has ended."""
    with worker_lock(_lock_name(call.id)):
        if call.attempts > MOST_ATTEMPTS + call.put_off:
            return _finish(call, _failure(500, GAVE_UP.format(MOST_ATTEMPTS)))
        try:
            answer = call_gateway(call, read_content(call, "input"), is_wanted=lambda: _is_wanted(call))
        except NotWanted:
            return None
        except Unreachable as error:
            logger.warning("Call %s had no answer: %s", call.id, error)
            answer = _failure(503, AWAY)
            if error.begun:
                return _put_off(call, 1.0, answered=False)
        if answer.later and call.put_off < MOST_PUT_OFF:
            return _put_off(call, float(answer.headers.get("retry-after", "1")), answered=True)
        return _finish(call, answer)


def _is_wanted(call: AsyncCall) -> bool:
    return AsyncCall.objects.filter(pk=call.id, state=CallState.RUNNING, attempts=call.attempts).exists()


def _put_off(call: AsyncCall, least: float, *, answered: bool) -> float:
    """Back to the queue. `answered`: it did not run, for certain."""
    pause = min(LONGEST_PAUSE, max(least, 2.0 ** min(call.put_off, 10) / 2))
    move_call(
        call.id,
        origin=CallState.RUNNING,
        target=CallState.QUEUED,
        attempt=call.attempts,
        due_at=timezone.now() + timedelta(seconds=pause),
        put_off=F("put_off") + (1 if answered else 0),
    )
    return pause


def _finish(call: AsyncCall, answer: Answer) -> None:
    now = timezone.now()
    moved = move_call(
        call.id,
        origin=CallState.RUNNING,
        target=CallState.SUCCEEDED if _has_result(answer) else CallState.FAILED,
        attempt=call.attempts,
        status=answer.status,
        answer=store_content(call.id, "answer", answer.body),
        call_id=answer.headers.get("x-agora-call-id"),
        finished_at=now,
    )
    if moved:  # else it was cancelled in this moment
        note_finished(call.id, now=now)


def _has_result(answer: Answer) -> bool:
    return answer.status == 200 and _decoder.decode(answer.body).error is msgspec.UNSET


def _failure(status: int, message: str) -> Answer:
    error = {"message": message, "error_type": "SystemError"}
    return Answer(status, msgspec.json.encode({"error": error, "metadata": {"duration": 0.0}}), {})


def _lock_name(call_id: uuid.UUID) -> str:
    return f"call:{call_id}"
