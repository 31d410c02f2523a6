"""What the agent knows of a leased slot and its gateway does not: what it printed, and which words are secrets."""

from collections.abc import Callable

from execution.leasing.agent_link import AgentLink
from execution.leasing.questions import Questions
from execution.leasing.slot import LeasedSlot
from execution.protocol.agent_messages import AlgorithmFailure, Clean, Cleaned, Log, ReadLog

PATIENCE_SECONDS = 1.0
LEFT_OUT = "the algorithm failed; what it said may hold secrets, and is left out"


class SlotQuestions:
    """Of slots that are leased over one link after the other."""

    def __init__(self, questions: Questions, find_link: Callable[[LeasedSlot], AgentLink | None]) -> None:
        """`find_link` says over which link a slot is leased; None if it is not any more."""
        self._questions = questions
        self._find_link = find_link

    async def read_log(self, slot: LeasedSlot, *, listen: bool) -> str:
        """What the slot printed since the last time, if that was to listen; nothing when the agent does not say."""
        answer = await self._questions.ask(
            self._find_link(slot),
            lambda request_id: ReadLog(request_id, slot.slot_id, listen),
            patience=PATIENCE_SECONDS,
        )
        return answer.text if isinstance(answer, Log) else ""

    async def clean(self, slot: LeasedSlot, failure: AlgorithmFailure) -> AlgorithmFailure:
        """The failure without the secrets of the slot's version; without its words when the agent does not say."""
        answer = await self._questions.ask(
            self._find_link(slot),
            lambda request_id: Clean(request_id, slot.slot_id, failure),
            patience=PATIENCE_SECONDS,
        )
        if isinstance(answer, Cleaned) and answer.failure is not None:
            return answer.failure
        return AlgorithmFailure(LEFT_OUT, failure.error_type)
