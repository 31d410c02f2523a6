"""`GET /v1/calls/:request_id?wait=SECONDS`: waits for the call's end, without a database connection."""

import asyncio
import uuid
from functools import update_wrapper

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest
from redis import RedisError
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.views.async_calls import AsyncCallView
from marketplace.errors import Unavailable
from marketplace.invocations.models import UNFINISHED
from marketplace.invocations.news import FinishedNews

MOST_WAITING = 1_000
"""At once, in this process: each has a connection to Redis, of which the gateways need theirs."""


class _UnheardCallView(AsyncCallView):
    """What those get who would wait, while word of a call's end cannot reach them."""

    def get(self, request: Request, call_id: uuid.UUID) -> Response:  # noqa: ARG002 - the view's signature
        raise Unavailable("A part of the platform did not answer: try again in a moment.")


_look = AsyncCallView.as_view()
_refuse = _UnheardCallView.as_view()
_places = asyncio.Semaphore(MOST_WAITING)


async def wait_for_call(request: HttpRequest, call_id: uuid.UUID) -> Response:
    """AsyncCallView, asked again when the call that is waited for has finished.

    When all places to wait are taken, it answers at once; with 503 when there is no word of calls' ends.
    """
    answer: Response = await sync_to_async(_look)(request, call_id=call_id)
    if not _should_wait(request, answer) or _places.locked():
        return answer
    try:
        async with _places, FinishedNews(call_id) as news:
            answer = await sync_to_async(_look)(request, call_id=call_id)  # it may have finished before we listened
            if not _should_wait(request, answer):
                return answer
            await sync_to_async(_close_connection)()
            await news.wait(int(request.GET["wait"]))
    except RedisError:
        return await sync_to_async(_refuse)(request, call_id=call_id)
    return await sync_to_async(_look)(request, call_id=call_id)


update_wrapper(wait_for_call, _look, assigned=())  # what Django and the schema want to know of the view


def _close_connection() -> None:
    """Of the thread that the request has."""
    connection.close()


def _should_wait(request: HttpRequest, answer: Response) -> bool:
    """The view has checked `wait`, when it answers 200."""
    asked = request.method == "GET" and request.GET.get("wait", "0") != "0"
    return asked and answer.status_code == 200 and answer.data["state"] in UNFINISHED
