"""What authors set without a command line: settings, prices, publishing; and what failing calls said."""

from datetime import UTC, datetime

import msgspec
import pytest
import redis
from django.conf import settings
from django.test import Client

from billing import api as billing
from billing.api import CREDIT
from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.directory.recent import FAILURES, Failure
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.integration.web.console.conftest import signed_in

PAGE = "/console/alice/algorithms/ocr"
SETTINGS = {"summary": "Reads", "tags": "Text, ocr", "visibility": "public", "license": "mit", "royalty": "0.5"}


@pytest.fixture
def author(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def ocr(alice: User) -> Algorithm:
    return make_algorithm("ocr", by=alice)


def test_settings_are_kept_as_they_were_said(author: Client, ocr: Algorithm) -> None:
    answer = author.post(f"{PAGE}/settings", SETTINGS | {"network": "on"})
    assert answer.status_code == 302
    ocr.refresh_from_db()
    assert (ocr.summary, ocr.tags, ocr.public, ocr.license) == ("Reads", ["text", "ocr"], True, "mit")
    assert (ocr.network, ocr.calls_others, ocr.royalty_per_call) == (True, False, CREDIT // 2)
    page = author.get(f"{PAGE}/settings").content.decode()
    assert 'value="text, ocr"' in page
    assert 'value="0.5"' in page


def test_what_cannot_be_kept_is_said_beside_its_field(author: Client, ocr: Algorithm) -> None:
    answer = author.post(f"{PAGE}/settings", SETTINGS | {"tags": ",".join(f"t{n}" for n in range(11))})
    assert "An algorithm may have 10 tags." in answer.content.decode()
    ocr.refresh_from_db()
    assert ocr.summary != "Reads", "nothing of it is kept"


def test_an_algorithm_is_deleted_after_a_question(author: Client, ocr: Algorithm) -> None:
    assert "Delete alice/ocr?" in author.get(f"{PAGE}/settings/delete").content.decode()
    assert author.post(f"{PAGE}/settings/delete").status_code == 302
    assert author.get(PAGE).status_code == 404


def test_what_others_can_call_is_not_deleted(author: Client, ocr: Algorithm, alice: User) -> None:
    author.post(f"{PAGE}/settings", SETTINGS)
    make_version(ocr, by=alice)
    answer = author.post(f"{PAGE}/settings/delete", follow=True)
    assert "withdraw its versions first" in answer.content.decode()
    assert Algorithm.objects.filter(pk=ocr.pk, deleted_at=None).exists()


def test_a_cheaper_price_holds_at_once_and_a_dearer_one_is_announced(
    author: Client, ocr: Algorithm, alice: User
) -> None:
    version = make_version(ocr, by=alice)
    asked = {"royalty_per_call": "0.25", "royalty_per_second": "0", "free_calls_per_month": "5"}
    answer = author.post(f"{PAGE}/prices", asked, follow=True)
    assert "The price is announced" in answer.content.decode()
    newest = billing.list_prices(version.id)[0]
    assert (newest.royalty_per_call, newest.free_calls_per_month) == (CREDIT // 4, 5)
    assert newest.effective_at is not None
    assert newest.effective_at > datetime.now(tz=UTC)


def test_a_price_that_comes_too_soon_is_refused_beside_its_field(author: Client, ocr: Algorithm, alice: User) -> None:
    version = make_version(ocr, by=alice)
    asked = {
        "royalty_per_call": "3", "royalty_per_second": "0", "free_calls_per_month": "0",
        "effective_at": "2026-01-01T00:00",
    }  # fmt: skip
    page = author.post(f"{PAGE}/prices", asked).content.decode()
    assert "This price may take effect from" in page
    assert len(billing.list_prices(version.id)) <= 1


def test_prices_of_another_version_and_of_none(author: Client, ocr: Algorithm, alice: User) -> None:
    assert "Nothing to price yet" in author.get(f"{PAGE}/prices").content.decode()
    make_version(ocr, by=alice)
    assert "Prices of 0.1.0" in author.get(f"{PAGE}/prices?version=0.1.0").content.decode()
    assert author.get(f"{PAGE}/prices?version=9.9.9").status_code == 404


def test_failures_show_traces_and_no_strangers_input(author: Client, ocr: Algorithm, alice: User) -> None:
    assert "No failures" in author.get(f"{PAGE}/errors").content.decode()
    mine = Failure(
        at=int(datetime.now(tz=UTC).timestamp() * 1e6), call_id="0197b3c0-0000-7000-8000-000000000001",
        algorithm="alice/ocr", version="0.1.0", payer_id=str(ocr.organization_id), input="my input",
        error="division by <zero>", error_type="ZeroDivisionError", stacktrace="line 2, in apply",
    )  # fmt: skip
    others = msgspec.structs.replace(mine, payer_id="somebody", input="their input", stacktrace="")
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.delete(f"{FAILURES}{ocr.id}")
        for failure in (mine, others):
            client.lpush(f"{FAILURES}{ocr.id}", msgspec.json.encode(failure))
    page = author.get(f"{PAGE}/errors").content.decode()
    assert "2 failures" in page
    assert "division by &lt;zero&gt;" in page
    assert "line 2, in apply" in page
    assert "my input" in page
    assert "their input" not in page
    assert "It left no trace." in page


def test_a_build_is_published_from_its_page(author: Client, ocr: Algorithm, alice: User) -> None:
    build = make_build(ocr, by=alice)
    page = author.get(f"{PAGE}/builds/{build.pk}").content.decode()
    assert build.source_hash in page, "how to try it"
    answer = author.post(f"{PAGE}/builds/{build.pk}/publish", {"bump": "major", "release_notes": "It begins."})
    version = Version.objects.get(build=build)
    assert answer.headers["Location"] == f"{PAGE}/versions/{version.number}"
    assert (version.number, version.release_notes) == ("1.0.0", "It begins.")
    again = author.post(f"{PAGE}/builds/{build.pk}/publish", {"bump": "minor"}, follow=True)
    assert "This build is published already" in again.content.decode()
