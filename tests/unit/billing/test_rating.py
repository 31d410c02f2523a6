"""What calls cost, as pure arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.api import CREDIT, Charge, default_compute_per_second, rate, share_royalty

amounts = st.integers(min_value=0, max_value=10**15)


def test_a_second_at_the_default_price_costs_a_credit() -> None:
    charge = rate(price_compute_per_second=CREDIT, price_royalty_per_call=500, run_us=1_000_000, outcome="ok")
    assert charge == Charge(compute=CREDIT, royalty=500)


def test_a_fraction_of_a_micro_credit_is_not_charged() -> None:
    assert rate(price_compute_per_second=3, price_royalty_per_call=0, run_us=999_999, outcome="ok").compute == 2


@pytest.mark.parametrize("outcome", ["crashed", "unavailable"])
def test_a_call_that_died_costs_nothing(outcome: str) -> None:
    charge = rate(price_compute_per_second=CREDIT, price_royalty_per_call=CREDIT, run_us=10**9, outcome=outcome)
    assert charge == Charge(0, 0)


@pytest.mark.parametrize("outcome", ["algorithm_error", "timeout", "cancelled"])
def test_a_call_that_failed_after_working_costs_its_time_and_no_royalty(outcome: str) -> None:
    charge = rate(
        price_compute_per_second=CREDIT,
        price_royalty_per_call=CREDIT,
        price_royalty_per_second=CREDIT,
        run_us=1_500_000,
        outcome=outcome,
    )
    assert charge == Charge(compute=1_500_000, royalty=0)


@pytest.mark.parametrize(("waived", "royalty"), [(False, 500 + 14), (True, 0)])
def test_a_royalty_by_the_second_adds_to_that_by_the_call_unless_it_is_waived(waived: bool, royalty: int) -> None:
    charge = rate(
        price_compute_per_second=2,
        price_royalty_per_call=500,
        price_royalty_per_second=7,
        run_us=2_100_000,
        outcome="ok",
        royalty_waived=waived,
    )
    assert charge == Charge(compute=4, royalty=royalty)


def test_a_second_with_a_gpu_costs_more_than_one_without() -> None:
    assert default_compute_per_second("python3") == CREDIT
    assert default_compute_per_second("python3-gpu") == 20 * CREDIT


@given(price=amounts, run_us=st.integers(min_value=0, max_value=3_000_000_000))
def test_compute_is_never_more_than_exact_and_less_by_under_one(price: int, run_us: int) -> None:
    compute = rate(price_compute_per_second=price, price_royalty_per_call=0, run_us=run_us, outcome="ok").compute
    assert compute * 1_000_000 <= price * run_us < (compute + 1) * 1_000_000


@given(royalty=amounts)
def test_the_shares_of_a_royalty_add_up_and_rounding_favours_the_platform(royalty: int) -> None:
    share = share_royalty(royalty)
    assert share.author + share.platform == royalty
    assert share.author * 100 <= royalty * 80 < (share.author + 1) * 100
