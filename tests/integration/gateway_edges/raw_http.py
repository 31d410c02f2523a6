"""HTTP by hand: a client library would mend, or refuse to send, what these tests send."""

import json
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 30.0


@dataclass(frozen=True)
class Answer:
    """What the server sent back."""

    status: int
    headers: bytes
    body: bytes

    def error(self) -> dict[str, Any]:
        """The `error` object of the body."""
        content = json.loads(self.body)
        assert isinstance(content, dict), content
        error = content["error"]
        assert isinstance(error, dict), content
        return error


def send(address: str, request: bytes) -> Answer:
    """Sends the bytes as they are, and reads to the end of the answer; the request must ask to close."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), timeout=TIMEOUT) as connection:
        received = b""
        # A server that refuses before it has read all closes; its answer is there to read.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        with suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 "), received[:200]
    return Answer(int(head.split(b" ", 2)[1]), head, body)


def request_bytes(method: bytes, target: bytes, key: str | None, body: bytes = b"null", **headers: str) -> bytes:
    """A request with a JSON body, unless the headers (with _ for -) say otherwise."""
    fields = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(body))}
    fields["Content-Type"] = "application/json"
    if key is not None:
        fields["Authorization"] = f"Simple {key}"
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return method + b" " + target + b" HTTP/1.1\r\n" + lines.encode("latin-1") + b"\r\n" + body
