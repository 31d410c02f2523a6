"""Prices of versions: announced, listed, quoted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.api import CREDIT, free_calls_field, free_calls_key, get_price
from billing.metering.hot_balances import connect
from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.api.conftest import Caller, message_of

ADDRESS = "/v1/algorithms/alice/ocr"
PRICES = f"{ADDRESS}/versions/0.1.0/prices"


@pytest.fixture
def ocr(alice: User) -> Version:
    """A public version that asks 500 micro-credits for a call."""
    return make_version(make_algorithm("ocr", by=alice), royalty_per_call=500)


def test_a_dearer_price_comes_a_week_later_and_a_cheaper_one_at_once(as_alice: Caller, ocr: Version) -> None:
    dearer = as_alice.post(PRICES, {"royalty_microcredits": 900})
    assert dearer.status_code == 201, dearer.content
    assert get_price(ocr.id, timezone.now()).royalty_per_call == 500
    assert get_price(ocr.id, timezone.now() + timedelta(days=7, minutes=1)).royalty_per_call == 900
    listed = as_alice.get(PRICES).json()
    assert [price["royalty_microcredits"] for price in listed] == [900, 500]
    refused = as_alice.post(PRICES, {"royalty_microcredits": 100})
    assert (refused.status_code, "choose a later day" in message_of(refused)) == (409, True)
    later = (timezone.now() + timedelta(days=9)).isoformat()
    assert as_alice.post(PRICES, {"royalty_microcredits": 100, "effective_at": later}).status_code == 201


def test_a_price_that_is_in_every_way_lower_holds_from_now_on(as_alice: Caller, ocr: Version) -> None:
    body = {"royalty_microcredits": 400, "free_calls_per_month": 10, "free_to_owner": True}
    assert as_alice.post(PRICES, body).status_code == 201
    price = get_price(ocr.id, timezone.now())
    assert (price.royalty_per_call, price.free_calls_per_month, price.free_to_owner) == (400, 10, True)
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    taken_back = as_alice.post(PRICES, {"royalty_microcredits": 400, "effective_at": tomorrow})
    assert (taken_back.status_code, "may take effect from" in message_of(taken_back)) == (400, True)


@pytest.mark.parametrize(
    "body", [{"royalty_microcredits": -1}, {"free_calls_per_month": 10**12}, {"effective_at": "soon"}, [1]]
)
def test_what_is_no_price_is_refused(as_alice: Caller, ocr: Version, body: object) -> None:
    assert as_alice.post(PRICES, body).status_code == 400


def test_others_read_prices_and_do_not_set_them(as_charlie: Caller, as_alice: Caller, ocr: Version) -> None:
    assert [price["royalty_microcredits"] for price in as_charlie.get(PRICES).json()] == [500]
    assert as_charlie.post(PRICES, {"royalty_microcredits": 1}).status_code in (403, 404)
    assert as_alice.get(f"{ADDRESS}/versions/7.7.7/prices").status_code == 404


def test_a_quote_is_what_the_call_will_cost(as_charlie: Caller, ocr: Version) -> None:
    unknown = as_charlie.post(f"{ADDRESS}/quote", {}).json()
    assert (unknown["run_seconds"], unknown["cost_microcredits"]) == (None, None)
    quote = as_charlie.post(f"{ADDRESS}/quote", {"run_seconds": 1.5, "version": "0.1"}).json()
    assert (quote["version"], quote["waiver"], quote["next_price"]) == ("0.1.0", None, None)
    assert (quote["compute_microcredits"], quote["royalty_microcredits"]) == (1.5 * CREDIT, 500)
    assert quote["cost_microcredits"] == 1.5 * CREDIT + 500
    assert as_charlie.post(f"{ADDRESS}/quote", {"run_seconds": -1}).status_code == 400
    assert as_charlie.post(f"{ADDRESS}/quote", {"version": "9.9.9"}).status_code == 404


def test_without_a_time_a_quote_is_for_the_median(as_charlie: Caller, ocr: Version) -> None:
    record_calls(ocr, 3, run_us=250_000)
    quote = as_charlie.post(f"{ADDRESS}/quote", {}).json()
    assert (quote["run_seconds"], quote["cost_microcredits"]) == (0.25, 250_500)


def test_owners_and_free_calls_owe_no_royalty(
    as_alice: Caller, as_charlie: Caller, charlie: User, ocr: Version
) -> None:
    terms = {"royalty_microcredits": 500, "free_calls_per_month": 2, "free_to_owner": True}
    assert as_alice.post(PRICES, terms).status_code == 201
    own = as_alice.post(f"{ADDRESS}/quote", {"run_seconds": 1}).json()
    assert (own["waiver"], own["royalty_microcredits"]) == ("owner", 0)
    free = as_charlie.post(f"{ADDRESS}/quote", {"run_seconds": 1}).json()
    assert (free["waiver"], free["free_calls_left"], free["cost_microcredits"]) == ("free_call", 2, CREDIT)
    payer = str(charlie.organizations.get(personal=True).id)
    field = free_calls_field(payer_id=payer, algorithm_id=str(ocr.algorithm_id))
    with connect() as client:
        client.hincrby(free_calls_key(timezone.now().timestamp()), field, 2)
    used = as_charlie.post(f"{ADDRESS}/quote", {"run_seconds": 1}).json()
    assert (used["waiver"], used["free_calls_left"], used["royalty_microcredits"]) == (None, 0, 500)
