"""Questions to the agent, and its answers: one numbering for all that is asked."""

import asyncio
from collections.abc import Callable

from execution.leasing.agent_link import AgentLink
from execution.protocol.agent_messages import Clean, Cleaned, Log, Look, ReadLog, Seen

Question = ReadLog | Clean | Look
Answer = Log | Cleaned | Seen


class Questions:
    """One per gateway process; of one link after the other."""

    def __init__(self) -> None:
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        """By request: what is told too late of one call is nobody's, and not the slot's next caller's."""
        self._request_id = 0

    async def ask(self, link: AgentLink | None, make: Callable[[int], Question], *, patience: float) -> Answer | None:
        """What the agent answers to the question that `make` makes of its number; None if it does not in `patience`
        seconds, or there is no link.
        """
        if link is None:
            return None
        self._request_id += 1
        request_id = self._request_id
        promise: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = promise
        link.send(make(request_id))
        try:
            async with asyncio.timeout(patience):
                return await promise
        except TimeoutError:
            return None
        finally:
            del self._asked[request_id]

    def take(self, answer: Answer) -> None:
        """The agent has answered."""
        promise = self._asked.get(answer.request_id)
        if promise is not None and not promise.done():
            promise.set_result(answer)
