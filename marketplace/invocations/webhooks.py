"""Delivers results to webhooks: signed, to public addresses, again with growing pauses until one attempt succeeds."""

import socket
import ssl
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from http.client import HTTPConnection, HTTPException
from threading import Timer
from types import MappingProxyType

import msgspec
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from marketplace.invocations.contents import read_content
from marketplace.invocations.models import AsyncCall, Delivery, DeliveryState
from marketplace.invocations.submission import queue_delivery
from marketplace.invocations.webhook_secrets import sign
from marketplace.organizations.models import Organization
from marketplace.webhook_addresses import PORTS, resolve, split_webhook_url
from marketplace.worker_locks import worker_lock

MOST_ATTEMPTS = 5
PAUSE_FACTOR = 4
"""Each pause is so many times the one before it; the first is settings.WEBHOOK_PAUSE seconds."""
STEP_SECONDS = 10.0
"""How long a connection, or any one read, may take."""
ATTEMPT_SECONDS = 30.0
MESSAGE_GRACE = timedelta(minutes=2)
"""How long a delivery may be due before its message is taken for lost; a second message is harmless."""
SWEPT_AT_ONCE = 200
NOTHING_MORE: Mapping[str, str] = MappingProxyType({})


class NotDelivered(Exception):
    """The receiver did not take it. `status` is what it answered, if it did."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Notice(msgspec.Struct, frozen=True):
    """The body of a delivery."""

    request_id: str
    state: str
    algorithm: str
    version: str
    call_id: uuid.UUID | None
    status: int | None
    created_at: datetime
    finished_at: datetime | None
    answer: msgspec.Raw | None
    """What a call that waits would have answered; None for one that was cancelled."""


def deliver(call_id: uuid.UUID) -> None:
    """Tries once, if it is due. Safe to repeat; the receiver may get a notice twice."""
    with worker_lock(f"delivery:{call_id}") as alone:
        due = Delivery.objects.filter(call=call_id, state=DeliveryState.WAITING, due_at__lte=timezone.now())
        delivery = due.select_related("call__organization").first()
        if not alone or delivery is None:
            return
        try:
            status = send(delivery)
        except NotDelivered as error:
            _note_failure(delivery, error)
            return
        done = {"state": DeliveryState.DELIVERED, "delivered_at": timezone.now(), "due_at": None}
        _update(delivery, last_status=status, last_error="", **done)


def requeue_lost_deliveries(*, now: datetime) -> list[uuid.UUID]:
    """Queues again the deliveries whose message or worker was lost."""
    due = Delivery.objects.filter(state=DeliveryState.WAITING, due_at__lt=now - MESSAGE_GRACE)
    lost = list(due.values_list("pk", flat=True)[:SWEPT_AT_ONCE])
    Delivery.objects.filter(pk__in=lost, state=DeliveryState.WAITING).update(due_at=now)
    for call_id in lost:
        queue_delivery(call_id)
    return lost


def send(delivery: Delivery) -> int:
    """Posts the notice once; the status of success. Raises NotDelivered."""
    body = write_notice(delivery.call)
    about = {"X-Agora-Request-Id": delivery.call.request_id, "X-Agora-Attempt": str(delivery.attempts + 1)}
    return post_signed(delivery.call.organization, delivery.url, body, about)


def post_signed(organization: Organization, url: str, body: bytes, about: Mapping[str, str] = NOTHING_MORE) -> int:
    """Posts JSON, signed with the organization's secret; the status of success. Raises NotDelivered.

    `about`: further headers.
    """
    headers = {
        **about,
        "Content-Type": "application/json",
        "User-Agent": "Agora-Webhook/1",
        "X-Agora-Signature": sign(organization, body, now=timezone.now()),
    }
    try:
        status = _post(url, body, headers)
    except (OSError, HTTPException, ValueError) as error:
        raise NotDelivered(f"{type(error).__name__}: {error}") from error
    if not 200 <= status < 300:
        raise NotDelivered(f"The receiver answered {status}.", status)
    return status


def write_notice(call: AsyncCall) -> bytes:
    """The body that tells of the call's end."""
    answer = None if call.status is None else msgspec.Raw(read_content(call, "answer"))
    notice = Notice(
        request_id=call.request_id,
        state=call.state,
        algorithm=call.algorithm,
        version=call.version,
        call_id=call.call_id,
        status=call.status,
        created_at=call.created_at,
        finished_at=call.finished_at,
        answer=answer,
    )
    return msgspec.json.encode(notice)


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, whose body nobody reads; a redirection is not followed."""
    parts = split_webhook_url(url)
    port = parts.port or PORTS[parts.scheme]
    address = resolve(str(parts.hostname), port)  # and it is this one that is connected to, whatever the name says then
    connection = HTTPConnection(str(parts.hostname), port)
    connection.sock = socket.create_connection((str(address), port), STEP_SECONDS)
    timer = Timer(ATTEMPT_SECONDS, _cut, [connection])  # a receiver that answers drop by drop
    timer.start()
    try:
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=parts.hostname)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        timer.cancel()
        connection.close()


def _cut(connection: HTTPConnection) -> None:
    with suppress(OSError):
        connection.sock.shutdown(socket.SHUT_RDWR)


def _note_failure(delivery: Delivery, error: NotDelivered) -> None:
    last = {"last_status": error.status, "last_error": str(error)[:300]}
    if delivery.attempts + 1 >= MOST_ATTEMPTS:
        _update(delivery, state=DeliveryState.FAILED, due_at=None, **last)
        return
    pause = settings.WEBHOOK_PAUSE * PAUSE_FACTOR**delivery.attempts
    _update(delivery, due_at=timezone.now() + timedelta(seconds=pause), **last)
    queue_delivery(delivery.call_id, seconds=pause)


def _update(delivery: Delivery, **fields: object) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1, **fields)
