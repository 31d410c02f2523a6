"""uvicorn's connection, with one timer for all pauses between its requests."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection on which nothing was asked for `timeout_keep_alive` seconds.

    uvicorn makes a timer after each answer and cancels it at the next request: more work than to parse that.
    """

    def __init__(self, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._idle_since: float | None = None
        """In the loop's time; None while a request is on its way or being answered."""

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._set_timer(None)

    def _unset_keepalive_if_required(self) -> None:
        """uvicorn's, when a request comes."""
        self._idle_since = None

    def on_response_complete(self) -> None:
        """uvicorn's, but for the timer."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._set_timer(self.timeout_keep_alive)

    def _set_timer(self, seconds: float | None) -> None:
        """Looks again in so many seconds, and not before; None: never."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        later: asyncio.TimerHandle | None = None
        if seconds is not None:
            later = self.loop.call_later(seconds, self._close_if_idle_long)
        self.timeout_keep_alive_task = later

    def _close_if_idle_long(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since is None:  # the end of the answer sets the timer again
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._set_timer(left)
        else:
            self.timeout_keep_alive_handler()
