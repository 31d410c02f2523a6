"""The door for hosted data: an ASGI application in front of Django, which would keep each body on disk first.

It asks the database in threads, and streams what is large.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from rest_framework.exceptions import MethodNotAllowed

from marketplace.api.data import directories
from marketplace.api.data.callers import KeyNeeded, identify
from marketplace.api.data.downloads import SENDFILE, send_file
from marketplace.api.data.replies import Reply, Send, Sending, reply_with_error, send_reply
from marketplace.api.data.requests import DataRequest, Scope, read_request
from marketplace.api.data.threads import ask_database
from marketplace.api.data.uploads import ClientGone, Receive, receive_file
from marketplace.datasets.models import File
from marketplace.datasets.permissions import Actor
from marketplace.errors import NotFound, PermissionDenied, TooLarge

LARGEST_BODY = 64 << 10
"""Bytes of JSON."""
WITH_BODY: Mapping[str, directories.Work] = MappingProxyType(
    {"POST": directories.create, "PATCH": directories.change, "DELETE": directories.delete}
)

ALLOWED = ", ".join(("GET", "HEAD", "PUT", *WITH_BODY))


async def answer_data(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    sending = Sending(send)
    try:
        request = read_request(scope)
        answer = await _answer(request, receive)
        if isinstance(answer, File):
            await send_file(answer, request, receive, sending, scope.get("extensions", {}).get(SENDFILE))
            return
    except ClientGone:
        return
    except Exception as error:  # it becomes an answer, and goes to the log if it is ours
        if sending.started:
            raise
        answer = reply_with_error(error)
        if isinstance(error, MethodNotAllowed):
            answer = replace(answer, headers={**answer.headers, "allow": ALLOWED})
    await send_reply(answer, sending, head_only=scope["method"] == "HEAD")


async def _answer(request: DataRequest, receive: Receive) -> File | Reply:
    actor = await ask_database(identify, request.headers.get("authorization", ""), request.client)
    try:
        return await _dispatch(actor, request, receive)
    except (NotFound, PermissionDenied):
        if actor is None:
            raise KeyNeeded from None
        raise


async def _dispatch(actor: Actor | None, request: DataRequest, receive: Receive) -> File | Reply:
    if request.method in {"GET", "HEAD"}:
        return await ask_database(directories.get_path, actor, request)
    if request.method == "PUT":
        return await receive_file(actor, request, receive)
    work = WITH_BODY.get(request.method)
    if work is None:
        raise MethodNotAllowed(request.method)
    return await ask_database(work, actor, request, await _read_body(receive))


async def _read_body(receive: Receive) -> bytes:
    """Raises TooLarge, ClientGone."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = bool(message.get("more_body"))
        if len(body) > LARGEST_BODY:
            raise TooLarge(f"This takes {LARGEST_BODY >> 10} KiB of JSON at most.")
    return bytes(body)
