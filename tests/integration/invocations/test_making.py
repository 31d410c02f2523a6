"""What a worker does with a call when things go wrong: in a real database, with a gateway that is away or scripted."""

import socket
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.utils import timezone
from kombu.exceptions import OperationalError

from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from marketplace.errors import Conflict, TooMany
from marketplace.invocations import making, submission
from marketplace.invocations.contents import LARGEST_IN_ROW, read_content
from marketplace.invocations.making import MOST_ATTEMPTS, MOST_PUT_OFF, requeue_lost_calls, run_call, run_lane
from marketplace.invocations.models import AsyncCall, CallState
from marketplace.invocations.services import clear_finished_calls
from marketplace.invocations.submission import Input, Order, Origin, cancel_call, submit_batch, submit_call
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.worker_locks import worker_lock
from tests.factories.async_calls import make_async_call, make_batch
from tests.factories.catalogue import make_version
from tests.factories.people import scope_of

OK = b'{"result":1,"metadata":{"content_type":"json","duration":0.1}}'


def submit(scope: AccessibleOrganization, version: Version, count: int) -> None:
    contents = [Input("json", b"1")] * count
    order = Order(version, timeout=5)
    if count == 1:
        submit_call(scope=scope, order=order, content=contents[0], origin=Origin(), now=timezone.now())
    else:
        submit_batch(scope=scope, order=order, contents=contents, origin=Origin(), now=timezone.now())


def test_only_so_many_wait(alice: User, bob: User, settings: Any) -> None:
    settings.CALLS_WAITING = 4
    version = make_version(by=alice)
    scope = scope_of(alice)
    submit(scope, version, 1)
    submit(scope, version, 3)
    for count in (1, 2):
        with pytest.raises(TooMany, match="may have 4 calls"):
            submit(scope, version, count)
    submit(scope_of(bob), version, 4)
    call = AsyncCall.objects.filter(organization=scope.organization).first()
    assert call is not None
    cancel_call(call=call, now=timezone.now())
    submit(scope, version, 1)
    assert AsyncCall.objects.filter(organization=scope.organization).count() == 5


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Path) -> None:
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "storage"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    settings.GATEWAY = str(tmp_path / "gateway.sock")


@pytest.fixture
def call(alice: User) -> AsyncCall:
    return make_async_call(make_version(by=alice), scope=scope_of(alice))


class Door:
    """Answers each connection with the next of its answers, and remembers what came."""

    def __init__(self, path: str, answers: list[bytes]) -> None:
        self.requests: list[bytes] = []
        self._answers = answers
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()
        self._listener.settimeout(20)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            connection, _ = self._listener.accept()
            with connection:
                self.requests.append(read_request(connection))
                connection.sendall(answer)

    def close(self) -> None:
        self._thread.join(10)
        self._listener.close()


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(1 << 16)
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(1 << 16)
    return head + b"\r\n\r\n" + body


def http(status: int, body: bytes = OK, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


@pytest.fixture
def open_door(settings: Any) -> Iterator[Any]:
    doors: list[Door] = []

    def make(*answers: bytes) -> Door:
        doors.append(Door(settings.GATEWAY, list(answers)))
        return doors[-1]

    yield make
    for door in doors:
        door.close()


def state_of(call: AsyncCall) -> str:
    call.refresh_from_db()
    return call.state


def test_a_gateway_that_is_away_is_waited_for(call: AsyncCall) -> None:
    run_call(call.id)
    assert state_of(call) == CallState.QUEUED
    assert (call.attempts, call.put_off) == (1, 1)
    assert call.due_at > timezone.now()


def test_one_that_stays_away_is_not_waited_for_for_ever(call: AsyncCall) -> None:
    AsyncCall.objects.update(put_off=MOST_PUT_OFF, attempts=MOST_PUT_OFF)
    run_call(call.id)
    assert state_of(call) == CallState.FAILED
    assert call.status == 503


def test_a_gateway_without_room_is_asked_again(call: AsyncCall, open_door: Any) -> None:
    door = open_door(http(429, b"{}", "Retry-After: 7\r\n"), http(200))
    run_call(call.id)
    assert (state_of(call), call.put_off) == (CallState.QUEUED, 1)
    assert call.due_at - timezone.now() > timedelta(seconds=5)
    run_call(call.id)
    assert (state_of(call), bytes(call.answer)) == (CallState.SUCCEEDED, OK)
    assert f"POST /v1/algo/{call.algorithm}/{call.version}?timeout=60".encode() in door.requests[0]


def test_an_answer_that_breaks_off_is_asked_for_again_three_times(call: AsyncCall, open_door: Any) -> None:
    open_door(*[http(200)[:30]] * MOST_ATTEMPTS)
    for _ in range(MOST_ATTEMPTS):
        run_call(call.id)
        assert (state_of(call), call.put_off) == (CallState.QUEUED, 0)
    run_call(call.id)
    assert state_of(call) == CallState.FAILED
    assert b"begun 3 times" in read_content(call, "answer")


@pytest.mark.parametrize("answer", [http(402, b'{"error":{"message":"no"}}'), http(200, b'{"error":{"message":"no"}}')])
def test_an_error_is_a_failure(call: AsyncCall, open_door: Any, answer: bytes) -> None:
    open_door(answer)
    run_call(call.id)
    assert state_of(call) == CallState.FAILED
    assert b"no" in read_content(call, "answer")


def test_a_message_that_comes_twice_makes_one_call(call: AsyncCall, open_door: Any) -> None:
    door = open_door(http(200))
    run_call(call.id)
    run_call(call.id)
    assert len(door.requests) == 1
    assert state_of(call) == CallState.SUCCEEDED


def test_a_call_without_its_worker_is_queued_again(call: AsyncCall) -> None:
    now = timezone.now()
    AsyncCall.objects.update(state=CallState.RUNNING, started_at=now - timedelta(minutes=1), attempts=1)
    assert requeue_lost_calls(now=now) == [call.id]
    assert state_of(call) == CallState.QUEUED
    assert requeue_lost_calls(now=now) == []


def test_a_call_that_another_worker_has_begun_meanwhile_is_left_alone(
    call: AsyncCall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin_again(_name: str) -> bool:
        AsyncCall.objects.update(attempts=2)
        return False

    now = timezone.now()
    AsyncCall.objects.update(state=CallState.RUNNING, started_at=now - timedelta(minutes=1), attempts=1)
    monkeypatch.setattr(making, "has_worker", begin_again)
    assert requeue_lost_calls(now=now) == []
    assert state_of(call) == CallState.RUNNING


@pytest.mark.django_db(transaction=True)
def test_a_call_with_its_worker_is_left_alone(alice: User) -> None:
    call = make_async_call(make_version(by=alice), scope=scope_of(alice))
    AsyncCall.objects.update(state=CallState.RUNNING, started_at=timezone.now() - timedelta(minutes=1))
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        from django.db import connection

        with worker_lock(f"call:{call.id}") as alone:
            assert alone
            held.set()
            done.wait(10)
        connection.close()

    worker = threading.Thread(target=hold)
    worker.start()
    assert held.wait(10)
    assert requeue_lost_calls(now=timezone.now()) == []
    done.set()
    worker.join()
    assert state_of(call) == CallState.RUNNING


def test_a_message_that_was_lost_is_sent_again_in_a_while(call: AsyncCall) -> None:
    later = timezone.now() + timedelta(minutes=11)
    assert requeue_lost_calls(now=later) == [call.id]
    assert requeue_lost_calls(now=later) == [], "not with each sweep"


def test_a_lost_message_is_sent_again_at_once_when_no_other_waits(call: AsyncCall) -> None:
    now = timezone.now()
    AsyncCall.objects.update(due_at=now - timedelta(seconds=11))
    submission.queue_call(uuid.uuid4())
    assert requeue_lost_calls(now=now) == [], "it may be behind others"
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(submission.QUEUE)
    assert requeue_lost_calls(now=now) == [call.id]
    assert state_of(call) == CallState.QUEUED


@pytest.mark.django_db(transaction=True)
def test_a_call_is_taken_while_redis_is_away(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its message is lost, and the sweep sends another: whoever asked need not ask again."""

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("Redis is away")

    version = make_version(by=alice)
    monkeypatch.setattr(submission.celery, "send_task", fail)
    submit(scope_of(alice), version, 1)
    submit(scope_of(alice), version, 2)
    assert AsyncCall.objects.filter(state=CallState.QUEUED).count() == 3


def test_a_lane_makes_the_calls_of_its_batch_in_order(alice: User, open_door: Any) -> None:
    batch = make_batch(make_version(by=alice), scope=scope_of(alice), size=3)
    door = open_door(*[http(200)] * 3)
    run_lane(batch.id, 0)
    assert [request.rpartition(b"\r\n\r\n")[2] for request in door.requests] == [b"0", b"1", b"2"]
    assert {call.state for call in batch.calls.all()} == {CallState.SUCCEEDED}


def test_the_bounds_of_a_tree_hold_for_what_it_asks_for_later(alice: User, open_door: Any) -> None:
    from marketplace.directory.tokens import read_token

    call = make_async_call(make_version(by=alice), scope=scope_of(alice), bounds_query="max_calls=3")
    origin = Origin(root_id=uuid.uuid4(), parent_id=uuid.uuid4(), depth=2, bounds={"most_calls": 5, "most_cost": 7})
    AsyncCall.objects.update(root_id=origin.root_id, depth=origin.depth, bounds=dict(origin.bounds))
    door = open_door(http(200))
    run_call(call.id)
    head = door.requests[0].decode()
    assert "&max_calls=3 HTTP/1.1" in head
    text = head.partition("Authorization: Simple ")[2].partition("\r\n")[0]
    from django.conf import settings

    token = read_token(text, secret=settings.SECRET_KEY, now=0)
    assert token is not None
    assert (token.most_calls, token.most_cost, token.depth, token.root_id) == (5, 7, 2, str(origin.root_id))


def test_the_same_key_at_the_same_time_leaves_nothing_stored(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[Any] = [None, None]
    look = submission._find_known
    monkeypatch.setattr(submission, "_find_known", lambda *asked: known.pop() if known else look(*asked))
    asked = {"content": Input("text", b"x" * (LARGEST_IN_ROW + 1)), "idempotency_key": "one"}
    version, scope = make_version(by=alice), scope_of(alice)
    first, second = (make_async_call(version, scope=scope, **asked) for _ in range(2))
    assert first == second
    folders = default_storage.listdir("calls")[0]
    assert [name for folder in folders for name in default_storage.listdir(f"calls/{folder}")[1]] == [
        f"{first.id}.input"
    ]


def test_a_call_that_cannot_be_kept_is_no_endless_attempt(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    version, scope = make_version(by=alice), scope_of(alice)
    call = make_async_call(version, scope=scope)
    monkeypatch.setattr(submission, "_new_call", lambda *_: call)  # its id is taken
    with pytest.raises(IntegrityError):
        make_async_call(version, scope=scope)


def test_what_has_finished_cannot_be_cancelled(call: AsyncCall) -> None:
    AsyncCall.objects.update(state=CallState.SUCCEEDED)
    with pytest.raises(Conflict, match="succeeded already"):
        cancel_call(call=call, now=timezone.now())


def test_old_calls_are_forgotten_with_what_they_stored(alice: User) -> None:
    version = make_version(by=alice)
    now = timezone.now()
    great = make_async_call(version, scope=scope_of(alice), content=Input("text", b"x" * (LARGEST_IN_ROW + 1)))
    young = make_async_call(version, scope=scope_of(alice))
    batch = make_batch(version, scope=scope_of(alice), size=2)
    assert read_content(great, "input") == b"x" * (LARGEST_IN_ROW + 1)
    AsyncCall.objects.exclude(pk=young.pk).update(state=CallState.SUCCEEDED, finished_at=now - timedelta(days=8))
    type(batch).objects.update(created_at=now - timedelta(days=8))
    assert clear_finished_calls(now=now) == 3
    assert list(AsyncCall.objects.all()) == [young]
    assert not type(batch).objects.exists()
    assert default_storage.listdir(f"calls/{great.id.hex[:2]}")[1] == []
