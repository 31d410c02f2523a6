"""A call as a worker makes it: over the gateway's second door, by a right to call, and stopped when not wanted."""

import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from django.conf import settings

from marketplace.directory.tokens import CallToken, sign_token
from marketplace.invocations.models import AsyncCall

LOOK_SECONDS = 0.5
"""How often to see whether the call is still wanted."""
QUEUE_SECONDS = 60
"""How much longer than its own time a call may take: for its place in a queue, and for loading."""
CONTENT_TYPES = {"json": "application/json", "text": "text/plain", "binary": "application/octet-stream"}
LATER = frozenset({429, 503})
"""Statuses that ask to come back."""


class NotWanted(Exception):
    """The call was cancelled while it ran; it is stopped."""


class Unreachable(Exception):
    """There was no answer. `begun`: the algorithm may have run all the same."""

    def __init__(self, message: str, *, begun: bool) -> None:
        super().__init__(message)
        self.begun = begun


@dataclass(frozen=True)
class Answer:
    """What the gateway answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    """In lower case."""

    @property
    def later(self) -> bool:
        """Whether it asks to come back; nothing is owed then."""
        return self.status in LATER


def call_gateway(call: AsyncCall, body: bytes, *, is_wanted: Callable[[], bool]) -> Answer:
    """Makes the call. Raises NotWanted, Unreachable."""
    headers = {"Authorization": f"Simple {_sign(call)}", "Content-Type": CONTENT_TYPES[call.content_type]}
    path = f"/v1/algo/{call.algorithm}/{call.version}?timeout={call.timeout}&{call.bounds_query}"
    return _exchange(path, headers, body, call.timeout + QUEUE_SECONDS, is_wanted)


def call_once(token: CallToken, reference: str, body: bytes, *, content_type: str, seconds: int) -> Answer:
    """Calls `owner/name/version` by that right, while somebody waits. Raises Unreachable."""
    right = sign_token(token, secret=settings.SECRET_KEY)
    headers = {"Authorization": f"Simple {right}", "Content-Type": CONTENT_TYPES[content_type]}
    path = f"/v1/algo/{reference}?timeout={seconds}"
    return _exchange(path, headers, body, seconds + QUEUE_SECONDS, lambda: True)


def _exchange(
    path: str, headers: Mapping[str, str], body: bytes, seconds: int, is_wanted: Callable[[], bool]
) -> Answer:
    connection = _Door(timeout=float(QUEUE_SECONDS))
    begun = False
    try:
        connection.connect()
        begun = True
        connection.request("POST", path, body, headers)
        _wait(connection.sock, seconds, is_wanted)
        response = connection.getresponse()
        answer = Answer(response.status, response.read(), {name.lower(): text for name, text in response.getheaders()})
    except (OSError, HTTPException) as error:
        raise Unreachable(f"{type(error).__name__}: {error}", begun=begun) from error
    finally:
        connection.close()
    if "content-length" not in answer.headers:  # which is always there: the answer broke off before it
        raise Unreachable("the answer broke off", begun=True)
    return answer


class _Door(HTTPConnection):
    """A connection to AGORA_GATEWAY: a Unix socket's path, or http://host:port."""

    def __init__(self, *, timeout: float) -> None:
        parts = urlsplit(settings.GATEWAY)
        super().__init__(parts.hostname or "agora", parts.port or 80, timeout=timeout)
        self._path = settings.GATEWAY if settings.GATEWAY.startswith("/") else None

    def connect(self) -> None:
        if self._path is None:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _wait(connected: socket.socket, seconds: float, is_wanted: Callable[[], bool]) -> None:
    """Returns when the answer begins."""
    deadline = time.monotonic() + seconds
    while not select.select([connected], [], [], LOOK_SECONDS)[0]:
        if not is_wanted():
            raise NotWanted
        if time.monotonic() > deadline:
            raise Unreachable("the gateway did not answer in time", begun=True)


def _sign(call: AsyncCall) -> str:
    token = CallToken(
        organization_id=str(call.organization_id),
        user_id=call.created_by_id,
        key_id=_text(call.key_id),
        root_id=_text(call.root_id),
        parent_id=_text(call.parent_id),
        depth=call.depth,
        expires=int(time.time()) + QUEUE_SECONDS,
        **call.bounds,
    )
    return sign_token(token, secret=settings.SECRET_KEY)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
