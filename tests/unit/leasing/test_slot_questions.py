"""What the agent tells of slots, when it tells it late or not at all."""

import asyncio
from typing import cast

import pytest

from execution.leasing import slot_questions
from execution.leasing.agent_link import AgentLink
from execution.leasing.questions import Questions
from execution.leasing.slot import LeasedSlot
from execution.leasing.slot_questions import SlotQuestions
from execution.protocol.agent_messages import AlgorithmFailure, Clean, Cleaned, Log, ReadLog


class SlowLink:
    """An agent that answers when a test says so."""

    def __init__(self) -> None:
        self.asked: list[ReadLog | Clean] = []

    def send(self, message: ReadLog | Clean) -> None:
        self.asked.append(message)


class Slot:
    """As much of a slot as a question needs."""

    slot_id = 1


SLOT = cast("LeasedSlot", Slot())
SAID = AlgorithmFailure("the key s3cr3t-k3y is wrong", "KeyError", "line 1, s3cr3t-k3y")


@pytest.fixture
def slow() -> SlowLink:
    return SlowLink()


@pytest.fixture
def told() -> Questions:
    return Questions()


@pytest.fixture
def questions(slow: SlowLink, told: Questions) -> SlotQuestions:
    return SlotQuestions(told, lambda _: cast("AgentLink", slow))


async def test_what_is_told_late_goes_to_nobody(
    monkeypatch: pytest.MonkeyPatch, slow: SlowLink, told: Questions, questions: SlotQuestions
) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(slot_questions, "PATIENCE_SECONDS", 0.01)
        assert await questions.read_log(SLOT, listen=False) == ""
        assert await questions.read_log(SLOT, listen=True) == ""
    reading = asyncio.create_task(questions.read_log(SLOT, listen=False))
    await asyncio.sleep(0)
    for asked, text in zip(slow.asked, ("another caller's", "", "ours"), strict=True):
        told.take(Log(asked.request_id, text))
    assert await reading == "ours"


async def test_a_failure_is_told_without_secrets(slow: SlowLink, told: Questions, questions: SlotQuestions) -> None:
    cleaning = asyncio.create_task(questions.clean(SLOT, SAID))
    await asyncio.sleep(0)
    [asked] = slow.asked
    assert asked == Clean(asked.request_id, 1, SAID)
    told.take(Cleaned(asked.request_id, AlgorithmFailure("the key [secret] is wrong", "KeyError")))
    assert (await cleaning).message == "the key [secret] is wrong"


async def test_a_failure_that_nobody_cleans_loses_its_words(
    monkeypatch: pytest.MonkeyPatch, slow: SlowLink, told: Questions, questions: SlotQuestions
) -> None:
    monkeypatch.setattr(slot_questions, "PATIENCE_SECONDS", 0.01)
    for asked in (questions, SlotQuestions(told, lambda _: None)):
        left = await asked.clean(SLOT, SAID)
        assert left.error_type == "KeyError"
        assert "s3cr3t" not in f"{left.message}{left.stacktrace}"
    cleaning = asyncio.create_task(questions.clean(SLOT, SAID))
    await asyncio.sleep(0)
    told.take(Cleaned(slow.asked[-1].request_id, None))
    assert "s3cr3t" not in (await cleaning).message
