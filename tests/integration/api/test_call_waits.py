"""Waiting for calls, when there is no place to wait."""

import asyncio
import time

import pytest
from asgiref.sync import async_to_sync
from django.test import RequestFactory

from marketplace.accounts.models import User
from marketplace.api.views import call_waits
from tests.factories.async_calls import make_async_call
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
