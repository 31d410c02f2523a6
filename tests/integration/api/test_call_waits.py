"""Waiting for calls: without a place to wait, without Redis, and for what is cancelled."""

import asyncio
import time
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync
from django.test import RequestFactory

from marketplace.accounts.models import User
from marketplace.api.views import call_waits
from marketplace.invocations.models import AsyncCall
from marketplace.invocations.news import CHANNEL
from tests.factories.async_calls import make_async_call, make_batch
from tests.factories.catalogue import make_version
from tests.factories.people import scope_of
from tests.integration.api.conftest import Caller


def test_who_finds_no_place_is_answered_at_once(as_alice: Caller, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    call = make_async_call(make_version(by=alice), scope=scope_of(alice))
    monkeypatch.setattr(call_waits, "_places", asyncio.Semaphore(0))
    key = {"Authorization": f"Simple {as_alice.key}"}
    request = RequestFactory().get(f"/v1/calls/{call.request_id}", {"wait": "60"}, headers=key)
    began = time.monotonic()
    answer = async_to_sync(call_waits.wait_for_call)(request, call_id=call.id)
    assert (answer.status_code, answer.data["state"]) == (200, "queued")
    assert time.monotonic() - began < 30


def test_without_redis_it_says_that_a_part_is_away(as_alice: Caller, alice: User, settings: Any) -> None:
    call = make_async_call(make_version(by=alice), scope=scope_of(alice))
    settings.REDIS_URL = "redis://127.0.0.1:9"
    answer = as_alice.get(f"/v1/calls/{call.request_id}", wait="60")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert as_alice.get(f"/v1/calls/{call.request_id}").status_code == 200


def test_who_waits_for_a_call_of_a_batch_hears_that_it_was_cancelled(
    as_alice: Caller, alice: User, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    batch = make_batch(make_version(by=alice), scope=scope_of(alice), size=2)
    channels = {
        CHANNEL.format(pk).encode() for pk in AsyncCall.objects.filter(batch=batch).values_list("pk", flat=True)
    }
    with redis.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as news:
        news.subscribe(*channels)
        with django_capture_on_commit_callbacks(execute=True):
            answer = as_alice.post(f"/v1/batches/{batch.id}/cancel")
        assert answer.json()["counts"]["cancelled"] == 2
        heard = [news.get_message(timeout=20) for _ in range(4)]
    assert {message["channel"] for message in heard if message and message["type"] == "message"} == channels
