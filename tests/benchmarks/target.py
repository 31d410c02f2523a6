"""Something that answers a POST with the echo of its body."""

import json
import socket
from dataclasses import dataclass
from pathlib import Path

VALUE = json.loads((Path(__file__).parent / "echo.json").read_text(encoding="utf-8"))
"""What every contender gets and gives back."""


@dataclass(frozen=True)
class Target:
    """Where to send `body`, and the field of the answer that holds the echo (None: the answer is the echo)."""

    name: str
    port: int
    path: str
    body: bytes
    authorization: str | None = None
    answer_field: str | None = None

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
            echo = json.loads(answer)
            echo = echo[self.answer_field] if self.answer_field else echo
        except (ValueError, TypeError, KeyError):
            echo = None
        if echo != VALUE:
            raise ValueError(f"{self.name} answered {answer[:300]!r} to {self.url}")


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
