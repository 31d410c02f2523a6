"""A live page's connection, when what it reads from does not answer."""

import asyncio
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.db import OperationalError
from redis import ConnectionError as RedisIsAway

from marketplace.accounts.models import User
from marketplace.web.live.consumer import LiveConsumer, patient


class _Away(LiveConsumer):
    channel_layer_alias = ""

    def read_next(self) -> dict[str, Any] | None:
        raise OperationalError("the server closed the connection")


def _communicate(application: Any) -> ApplicationCommunicator:
    return ApplicationCommunicator(application, {"type": "websocket", "user": User(username="ada")})


async def _wait_for_code(communicator: ApplicationCommunicator) -> int:
    while (message := await communicator.receive_output(timeout=10))["type"] != "websocket.close":
        pass
    return int(message["code"])


def test_a_page_whose_database_is_away_is_asked_to_come_again() -> None:
    async def follow() -> int:
        communicator = _communicate(patient(_Away.as_asgi()))
        await communicator.send_input({"type": "websocket.connect"})
        code = await _wait_for_code(communicator)
        await communicator.send_input({"type": "websocket.disconnect", "code": code})
        await communicator.wait()
        return code

    assert asyncio.run(follow()) == 1013
    assert not LiveConsumer.open_by_person, "its place is free again"


@pytest.mark.parametrize("error", [RedisIsAway("no route"), OperationalError("starting up")])
def test_who_comes_while_a_database_is_away_is_asked_to_come_again(error: Exception) -> None:
    async def refuse(*_: Any) -> None:
        raise error

    assert asyncio.run(_wait_for_code(_communicate(patient(refuse)))) == 1013
