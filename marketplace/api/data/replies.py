"""Answers of the door for hosted data, but for the bytes of files."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from marketplace.api.data.requests import ACL_WORDS
from marketplace.api.errors import answer_error
from marketplace.datasets.selectors import Listing

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Sending:
    """Knows whether it is too late for an error to be answered."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = False

    async def __call__(self, message: dict[str, Any]) -> None:
        self.started = True
        await self._send(message)


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def reply_with_json(value: object, *, status: int = 200, **headers: str) -> Reply:
    """`headers` have underscores for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, msgspec.json.encode(value), {"content-type": "application/json", **named})


def reply_with_error(error: Exception, **more: object) -> Reply:
    """In the shape that all of the API has; `more` goes into the error. A HEAD's answer has the message in a header."""
    response = answer_error(error, {})
    problem = response.data["error"] | more
    readable = problem["message"].replace("\n", " ").encode("ascii", "backslashreplace").decode()
    headers = {name.lower(): value for name, value in response.headers.items() if name.lower() != "content-type"}
    reply = reply_with_json({"error": problem}, status=response.status_code, x_error_message=readable)
    return Reply(reply.status, reply.body, {**headers, **reply.headers})


def reply_with_listing(listing: Listing, *, marker: str | None, with_acl: bool) -> Reply:
    """What is empty is left out: published clients look whether a key is there."""
    folders = [
        {"name": row.name, **({"acl": {"read": ACL_WORDS[row.read]}} if with_acl else {})} for row in listing.folders
    ]
    files = [
        {"filename": row.name, "last_modified": write_time(row.modified_at), "size": row.content.size}
        for row in listing.files
    ]
    answer: dict[str, object] = {"files": files, "folders": folders, "marker": marker}
    if with_acl and listing.read is not None:
        answer["acl"] = {"read": ACL_WORDS[listing.read]}
    return reply_with_json({key: value for key, value in answer.items() if value or key == "acl"}, **DIRECTORY)


DIRECTORY = {"x_data_type": "directory"}


def write_time(at: datetime) -> str:
    """With three decimals, which clients count on."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


async def send_reply(reply: Reply, send: Send, *, head_only: bool) -> None:
    """The headers are the same with a body and without."""
    headers = {"content-length": str(len(reply.body)), **reply.headers}
    await send({"type": "http.response.start", "status": reply.status, "headers": encode_headers(headers)})
    await send({"type": "http.response.body", "body": b"" if head_only else reply.body})


def encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """As ASGI has them."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
