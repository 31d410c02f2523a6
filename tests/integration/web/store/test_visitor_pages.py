"""Pages that are kept for visitors: the same for all of them, packed, and never anybody's own."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.web.store.conftest import visitor

PAGES = ["/", "/?q=deblur", "/algorithms/alice/deblur", "/owners/alice", "/publish"]
PACKED = {"Accept-Encoding": "gzip, br"}


@pytest.fixture(autouse=True)
def kept(settings: Any) -> Iterator[None]:
    settings.PAGE_CACHE_SECONDS = 60
    caches["pages"].clear()
    yield
    caches["pages"].clear()


@pytest.mark.parametrize("address", PAGES)
def test_the_second_visitor_costs_no_query(deblur: Version, address: str, django_assert_num_queries: Any) -> None:
    first = Client().get(address, headers=PACKED)
    with django_assert_num_queries(0):
        second = Client().get(address, headers=PACKED)
    assert first.content == second.content
    assert b"</html>" in gzip.decompress(second.content)
    assert second.cookies.keys() == set(), "a cookie of one visitor would be everybody's"
    assert {"Cookie", "Accept-Encoding", "HX-Request"} <= set(second.headers["Vary"].split(", "))


def test_what_has_not_changed_is_not_sent_again(deblur: Version) -> None:
    tag = Client().get("/").headers["ETag"]
    assert Client().get("/", headers={"If-None-Match": tag}).status_code == 304
    assert Client().get("/", headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_part_is_not_taken_for_the_page(deblur: Version) -> None:
    whole, part = Client().get("/"), Client().get("/", headers={"HX-Request": "true"})
    assert b"</html>" in whole.content
    assert b"</html>" not in part.content
    assert "HX-Push-Url" in Client().get("/", headers={"HX-Request": "true"}).headers
    typed = Client().get("/", headers={"HX-Request": "true", "HX-Trigger-Name": "q"})
    assert "HX-Replace-Url" in typed.headers


def test_who_is_signed_in_sees_what_is_now_and_theirs(alice: User, deblur: Version) -> None:
    Client().get("/owners/alice")
    make_version(make_algorithm("mine", by=alice, public=False))
    assert b"alice/mine" in visitor(alice).get("/owners/alice").content
    assert b"alice/mine" not in Client().get("/owners/alice").content


def test_what_is_not_there_is_not_kept(alice: User) -> None:
    assert Client().get("/algorithms/alice/later").status_code == 404
    make_version(make_algorithm("later", by=alice))
    assert Client().get("/algorithms/alice/later").status_code == 200
