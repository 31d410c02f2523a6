"""One request on a connection that is a call."""

import asyncio

from marketplace.gateway.call import Call
from marketplace.gateway.errors import BODY_LIMIT, Refused, TooLarge
from marketplace.gateway.heads import Head


class CallCycle:
    """One request that is a call; it has what uvicorn's protocol asks of a RequestResponseCycle."""

    message_event = asyncio.Event()
    """uvicorn sets it when the client hangs up; nobody waits for it here."""

    def __init__(self, head: Head, *, keep_alive: bool) -> None:
        self.head = head
        self.keep_alive = keep_alive
        self.waiting = False
        """Whether the answer before this one on the connection is not written yet."""
        self.received = False
        self.response_complete = False
        self.disconnected = False
        self.call: Call | None = None
        self.refused: Refused | None = None
        self.task: asyncio.Task[None] | None = None
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def body(self) -> bytes:
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)

    def take(self, chunk: bytes) -> None:
        """More of the body; of a refused request it is thrown away."""
        self._size += len(chunk)
        if self._size > BODY_LIMIT:
            self.refused = self.refused or TooLarge()
        if self.refused is None:
            self._chunks.append(chunk)
        else:
            self._chunks = []

    @property
    def overflowing(self) -> bool:
        return isinstance(self.refused, TooLarge)

    def hang_up(self) -> None:
        """The client is gone: an algorithm that runs for it is stopped, a result that is there is still metered."""
        self.disconnected = True
        if self.task is not None and self.call is not None and self.call.cancellable:
            self.task.cancel()
