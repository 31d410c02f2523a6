"""What calls cost, as pure arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.api import CREDIT, Charge, rate, share_royalty

amounts = st.integers(min_value=0, max_value=10**15)


def test_a_second_at_the_default_price_costs_a_credit() -> None:
    charge = rate(price_compute_per_second=CREDIT, price_royalty_per_call=500, run_us=1_000_000, outcome="ok")
    assert charge == Charge(compute=CREDIT, royalty=500)


def test_a_fraction_of_a_micro_credit_is_not_charged() -> None:
    assert rate(price_compute_per_second=3, price_royalty_per_call=0, run_us=999_999, outcome="ok").compute == 2


@pytest.mark.parametrize("outcome", ["algorithm_error", "timeout", "crashed", "cancelled", "unavailable"])
def test_a_failed_call_costs_nothing(outcome: str) -> None:
    charge = rate(price_compute_per_second=CREDIT, price_royalty_per_call=CREDIT, run_us=10**9, outcome=outcome)
    assert charge == Charge(0, 0)


@given(price=amounts, run_us=st.integers(min_value=0, max_value=3_000_000_000))
def test_compute_is_never_more_than_exact_and_less_by_under_one(price: int, run_us: int) -> None:
    compute = rate(price_compute_per_second=price, price_royalty_per_call=0, run_us=run_us, outcome="ok").compute
    assert compute * 1_000_000 <= price * run_us < (compute + 1) * 1_000_000


@given(royalty=amounts)
def test_the_shares_of_a_royalty_add_up_and_rounding_favours_the_platform(royalty: int) -> None:
    share = share_royalty(royalty)
    assert share.author + share.platform == royalty
    assert share.author * 100 <= royalty * 80 < (share.author + 1) * 100
