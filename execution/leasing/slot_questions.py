"""What the agent knows of a leased slot and its gateway does not: what it printed, and which words are secrets."""

import asyncio
from collections.abc import Callable

from execution.leasing.agent_link import AgentLink
from execution.leasing.slot import LeasedSlot
from execution.protocol.agent_messages import AlgorithmFailure, Clean, Cleaned, Log, ReadLog

PATIENCE_SECONDS = 1.0
LEFT_OUT = "the algorithm failed; what it said may hold secrets, and is left out"


class SlotQuestions:
    """Questions to the agent of one link after the other, and its answers."""

    def __init__(self, find_link: Callable[[LeasedSlot], AgentLink | None]) -> None:
        """`find_link` says over which link a slot is leased; None if it is not any more."""
        self._find_link = find_link
        self._asked: dict[int, asyncio.Future[Log | Cleaned]] = {}
        """By request: what is told too late of one call is nobody's, and not the slot's next caller's."""
        self._request_id = 0

    async def read_log(self, slot: LeasedSlot, *, listen: bool) -> str:
        """What the slot printed since the last time, if that was to listen; nothing when the agent does not say."""
        answer = await self._ask(slot, lambda request_id: ReadLog(request_id, slot.slot_id, listen))
        return answer.text if isinstance(answer, Log) else ""

    async def clean(self, slot: LeasedSlot, failure: AlgorithmFailure) -> AlgorithmFailure:
        """The failure without the secrets of the slot's version; without its words when the agent does not say."""
        answer = await self._ask(slot, lambda request_id: Clean(request_id, slot.slot_id, failure))
        if isinstance(answer, Cleaned) and answer.failure is not None:
            return answer.failure
        return AlgorithmFailure(
            "the algorithm failed; what it said may hold secrets, and is left out", failure.error_type
        )

    def take(self, answer: Log | Cleaned) -> None:
        """The agent has answered."""
        promise = self._asked.get(answer.request_id)
        if promise is not None and not promise.done():
            promise.set_result(answer)

    async def _ask(self, slot: LeasedSlot, make: Callable[[int], ReadLog | Clean]) -> Log | Cleaned | None:
        link = self._find_link(slot)
        if link is None:
            return None
        self._request_id += 1
        request_id = self._request_id
        promise: asyncio.Future[Log | Cleaned] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = promise
        link.send(make(request_id))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await promise
        except TimeoutError:
            return None
        finally:
            del self._asked[request_id]
