"""Pages that are kept for visitors: the same for all of them, packed, and never anybody's own."""

import asyncio
import gzip
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from marketplace.request_handler import RequestHandler
from marketplace.web.visitor_pages import RENEWAL_SECONDS
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.web.store.conftest import visitor

PAGES = ["/", "/?q=deblur", "/algorithms/alice/deblur", "/owners/alice", "/publish"]
PACKED = {"Accept-Encoding": "gzip, br"}
SECONDS = 60


@dataclass
class Answer:
    """What is sent to one who asks."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""
    asked: bool = False

    async def receive(self) -> dict[str, Any]:
        """A request without a body, and then nothing more."""
        if self.asked:
            await asyncio.Event().wait()
        self.asked = True
        return {"type": "http.request"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.content += message["body"]


class Visitors:
    """They ask the server's handler of requests, which here uses the test's thread and connection."""

    def __init__(self, handler: RequestHandler) -> None:
        self._handler = handler

    def get(self, address: str, method: str = "GET", **headers: str) -> Answer:
        parts = urlsplit(address)
        sent = [(b"host", b"localhost"), *((name.lower().encode(), value.encode()) for name, value in headers.items())]
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": parts.path,
            "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "root_path": "", "headers": sent,
            "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        }  # fmt: skip
        answer = Answer()
        async_to_sync(self._handler)(scope, answer.receive, answer.send)
        return answer


@pytest.fixture
def connection_stays() -> Iterator[None]:
    """Not closed with a request, as Django's own test client has it: all is one transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def visitors(settings: Any, monkeypatch: pytest.MonkeyPatch, connection_stays: None) -> Visitors:
    settings.PAGE_CACHE_SECONDS = SECONDS
    settings.PAGE_PROCESSES = 0
    handler = RequestHandler()
    monkeypatch.setattr(handler._threads, "lend", nullcontext)
    handler._kept._pages.clear()
    return Visitors(handler)


@pytest.mark.parametrize("address", PAGES)
def test_the_second_visitor_costs_no_query(
    visitors: Visitors, deblur: Version, address: str, django_assert_num_queries: Any
) -> None:
    first = visitors.get(address, **PACKED)
    with django_assert_num_queries(0):
        second = visitors.get(address, **PACKED)
    assert (second.status, second.headers, second.content) == (200, first.headers, first.content)
    assert b"</html>" in gzip.decompress(second.content)
    assert "set-cookie" not in second.headers, "a cookie of one visitor would be everybody's"
    assert {"Cookie", "Accept-Encoding", "HX-Request"} <= set(second.headers["vary"].split(", "))
    assert "content-security-policy" in second.headers


def test_what_has_not_changed_is_not_sent_again(visitors: Visitors, deblur: Version) -> None:
    tag = visitors.get("/").headers["etag"]
    for answer in (visitors.get("/", **{"If-None-Match": tag}), visitors.get("/", **{"If-None-Match": f'"a", {tag}'})):
        assert (answer.status, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert visitors.get("/", **{"If-None-Match": '"other"'}).status == 200


def test_the_first_visitor_need_not_get_again_what_they_have(visitors: Visitors, deblur: Version) -> None:
    tag = visitors.get("/").headers["etag"]
    visitors._handler._kept._pages.clear()
    assert visitors.get("/", **{"If-None-Match": tag}).status == 304


def test_a_part_is_not_taken_for_the_page(visitors: Visitors, deblur: Version) -> None:
    whole, part = visitors.get("/"), visitors.get("/", **{"HX-Request": "true"})
    assert b"</html>" in whole.content
    assert b"</html>" not in part.content
    assert "hx-push-url" in visitors.get("/", **{"HX-Request": "true"}).headers
    typed = visitors.get("/", **{"HX-Request": "true", "HX-Trigger-Name": "q"})
    assert "hx-replace-url" in typed.headers


def test_a_page_for_one_host_is_not_given_to_another(visitors: Visitors, deblur: Version) -> None:
    assert visitors.get("/").status == 200
    assert visitors.get("/", Host="evil.example").status == 400


@pytest.mark.parametrize("headers", [{"Cookie": "sessionid=1"}, {"Authorization": "Simple key"}])
def test_who_is_known_gets_nothing_that_is_kept(
    visitors: Visitors, alice: User, deblur: Version, headers: dict[str, str]
) -> None:
    visitors.get("/owners/alice")
    make_version(make_algorithm("fresh", by=alice))
    assert b"alice/fresh" in visitors.get("/owners/alice", **headers).content
    assert b"alice/fresh" not in visitors.get("/owners/alice").content


def test_one_visitor_has_a_page_made_again_while_others_are_given_the_old_one(
    visitors: Visitors, alice: User, deblur: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitors.get("/owners/alice")
    make_version(make_algorithm("fresh", by=alice))
    now = time.monotonic() + SECONDS + 1
    monkeypatch.setattr(time, "monotonic", lambda: now)
    assert visitors._handler._kept.find(_scope_of("/owners/alice")) is None, "whoever comes first makes it"
    assert b"alice/fresh" not in visitors.get("/owners/alice").content
    monkeypatch.setattr(time, "monotonic", lambda: now + RENEWAL_SECONDS + 1)
    assert b"alice/fresh" in visitors.get("/owners/alice").content, "the first one did not come back with it"


def test_who_is_signed_in_sees_what_is_now_and_theirs(settings: Any, alice: User, deblur: Version) -> None:
    settings.PAGE_CACHE_SECONDS = SECONDS
    make_version(make_algorithm("mine", by=alice, public=False))
    seen = visitor(alice).get("/owners/alice", headers=PACKED)
    assert b"alice/mine" in seen.content
    assert "ETag" not in seen.headers
    assert b"alice/mine" not in Client().get("/owners/alice").content


def test_what_is_not_there_is_not_kept(visitors: Visitors, alice: User) -> None:
    assert visitors.get("/algorithms/alice/later").status == 404
    make_version(make_algorithm("later", by=alice))
    assert visitors.get("/algorithms/alice/later").status == 200


def test_a_page_with_a_cookie_for_one_visitor_is_made_for_each(visitors: Visitors, db: None) -> None:
    first, second = visitors.get("/accounts/login/"), visitors.get("/accounts/login/")
    assert first.headers["set-cookie"] != second.headers["set-cookie"]


def test_a_head_says_what_the_page_says(visitors: Visitors, deblur: Version) -> None:
    head, page = visitors.get("/publish", method="HEAD"), visitors.get("/publish")
    assert (head.status, head.headers) == (page.status, page.headers)
    assert b"</html>" in page.content


def _scope_of(address: str) -> dict[str, Any]:
    return {
        "method": "GET", "scheme": "http", "path": address, "query_string": b"", "headers": [(b"host", b"localhost")]
    }  # fmt: skip
