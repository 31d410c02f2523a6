"""Callers who do not wait: each asks until the platform took the call, and at the end wants to hear of all of them."""

import asyncio
import time
import uuid
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import httpx

PAUSE_SECONDS = 0.25
FINISHED_SECONDS = 300.0
"""How long after the last kill the last of them may take."""


@dataclass
class Later:
    """One payer's calls for later, with what was received of them. Its requests are repeated with the same key."""

    address: str
    path: str
    body: bytes
    key: str
    accepted: list[str] = field(default_factory=list)
    """What they are asked for by, `req-…`."""
    results: list[str] = field(default_factory=list)
    """Ids of the recorded calls that gave them their results."""
    failures: list[str] = field(default_factory=list)
    """Ids of the recorded calls that failed."""
    given_up: int = 0
    """Those that the platform says it could not make."""
    lost: dict[str, str] = field(default_factory=dict)
    """Those that were accepted and did not finish in time, and the state that they are in."""
    wanted: bool = True

    async def run(self) -> None:
        """Asks until stop(), and answers when all that was accepted has finished, or its time is over."""
        async with httpx.AsyncClient(base_url=self.address, headers=self._headers(), timeout=15) as client:
            while self.wanted:
                await self._ask(client, str(uuid.uuid4()))
                await asyncio.sleep(PAUSE_SECONDS)
            await self._hear(client, time.monotonic() + FINISHED_SECONDS)

    def stop(self) -> None:
        self.wanted = False

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Simple {self.key}", "Content-Type": "text/plain"}

    async def _ask(self, client: httpx.AsyncClient, idempotency_key: str) -> None:
        url, headers = f"{self.path}?output=void", {"Idempotency-Key": idempotency_key}
        while True:
            answer = await _try(client.post(url, content=self.body, headers=headers))
            if answer is not None and answer.is_success:
                self.accepted.append(answer.json()["request_id"])
                return
            if answer is not None and answer.is_client_error:
                raise AssertionError(f"A call for later was refused: {answer.status_code} {answer.text}")
            await asyncio.sleep(PAUSE_SECONDS)

    async def _hear(self, client: httpx.AsyncClient, deadline: float) -> None:
        """Asks for each that has not finished, again and again."""
        self.lost = dict.fromkeys(self.accepted, "not known")
        while self.lost and time.monotonic() < deadline:
            for request_id in list(self.lost):
                answer = await _try(client.get(f"/v1/calls/{request_id}"))
                if answer is not None and answer.is_success:
                    self.lost[request_id] = answer.json()["state"]
                    if self._note(answer.json()):
                        del self.lost[request_id]
            await asyncio.sleep(PAUSE_SECONDS)

    def _note(self, call: dict[str, Any]) -> bool:
        """Remembers how it ended; False if it did not yet."""
        if call["state"] not in {"succeeded", "failed"}:
            return False
        if call["call_id"] is None:
            self.given_up += 1
        else:
            (self.results if call["state"] == "succeeded" else self.failures).append(call["call_id"])
        return True


async def _try(asking: Awaitable[httpx.Response]) -> httpx.Response | None:
    """None when the connection broke, or none was to be had."""
    try:
        return await asking
    except httpx.TransportError:
        return None
