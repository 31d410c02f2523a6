"""What slots printed, as the agent tells when it is asked."""

import asyncio

from execution.leasing.agent_link import AgentLink
from execution.protocol.agent_messages import Log, ReadLog

PATIENCE_SECONDS = 1.0


class Prints:
    """Questions to the agent of one link after the other, and its answers."""

    def __init__(self) -> None:
        self._asked: dict[int, asyncio.Future[str]] = {}
        """By request: what is told too late of one call is nobody's, and not the slot's next caller's."""
        self._request_id = 0

    async def read(self, link: AgentLink, slot_id: int, *, listen: bool) -> str:
        """What the slot printed since the last time, if that was to listen; nothing when the agent does not say."""
        self._request_id += 1
        request_id = self._request_id
        promise: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = promise
        link.send(ReadLog(request_id, slot_id, listen))
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await promise
        except TimeoutError:
            return ""
        finally:
            del self._asked[request_id]

    def take(self, log: Log) -> None:
        """The agent has answered."""
        promise = self._asked.get(log.request_id)
        if promise is not None and not promise.done():
            promise.set_result(log.text)
