"""Something that answers a POST with the echo of its body."""

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VALUE = json.loads((Path(__file__).parent / "echo.json").read_text(encoding="utf-8"))
"""What every contender gets and gives back."""


@dataclass(frozen=True)
class Target:
    """Where to send `body`, and where in the answer the echo stands."""

    name: str
    port: int
    path: str
    body: bytes
    authorization: str | None = None
    find_echo: Callable[[Any], object] = lambda answer: answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    @property
    def request(self) -> bytes:
        """The whole HTTP request."""
        headers = f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
        if self.authorization:
            headers += f"Authorization: {self.authorization}\r\n"
        return f"{headers}Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body

    def check(self, answer: bytes) -> None:
        """Raises ValueError unless the answer's body is the echo."""
        try:
            echo = self.find_echo(json.loads(answer))
        except (ValueError, TypeError, LookupError):
            echo = None
        if echo != VALUE:
            raise ValueError(f"{self.name} answered {answer[:300]!r} to {self.url}")


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
