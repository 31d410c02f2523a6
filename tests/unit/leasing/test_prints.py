"""What slots printed, when the agent tells it late."""

import asyncio
from typing import cast

import pytest

from execution.leasing import prints
from execution.leasing.agent_link import AgentLink
from execution.protocol.agent_messages import Log, ReadLog


class SlowLink:
    """An agent that answers when a test says so."""

    def __init__(self) -> None:
        self.asked: list[ReadLog] = []

    def send(self, message: ReadLog) -> None:
        self.asked.append(message)


async def test_what_is_told_late_goes_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    slow, told = SlowLink(), prints.Prints()
    link = cast("AgentLink", slow)
    with monkeypatch.context() as impatient:
        impatient.setattr(prints, "PATIENCE_SECONDS", 0.01)
        assert await told.read(link, 1, listen=False) == ""
        assert await told.read(link, 1, listen=True) == ""
    reading = asyncio.create_task(told.read(link, 1, listen=False))
    await asyncio.sleep(0)
    for asked, text in zip(slow.asked, ("another caller's", "", "ours"), strict=True):
        told.take(Log(asked.request_id, text))
    assert await reading == "ours"
