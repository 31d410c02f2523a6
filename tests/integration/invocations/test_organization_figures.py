"""Figures of one organization: counted at once, and remembered only where counting takes long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.invocations import selectors
from marketplace.organizations.models import Organization
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_version
from tests.factories.people import make_api_key, scope_of


def count(user: User) -> tuple[int, int]:
    """Calls that were made, and received."""
    scope = scope_of(user)
    days = selectors.list_spending_days(scope=scope), selectors.list_received_days(scope=scope)
    made, received = (sum(day.totals.calls for day in each) for each in days)
    return made, received


def test_calls_count_for_who_pays_and_for_who_wrote(alice: User, charlie: User) -> None:
    record_calls(make_version(by=alice), 2, payer_id=scope_of(charlie).organization.id)
    assert (count(alice), count(charlie)) == ((0, 2), (2, 0))
    (spending,) = selectors.list_spending(scope=scope_of(charlie), limit=5)
    assert (spending.totals.calls, spending.totals.cost) == (2, 2_000)
    assert selectors.list_spending(scope=scope_of(alice), limit=5) == []


def test_a_quick_figure_is_never_old(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "SLOW_SECONDS", 60)
    version = make_version(by=alice)
    for expected in (1, 2):
        record_calls(version)
        assert count(alice) == (0, expected)


def test_a_slow_figure_is_remembered(alice: User, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selectors, "SLOW_SECONDS", -1)
    version = make_version(by=alice)
    for _ in range(2):
        record_calls(version)
        assert count(alice) == (0, 1)
    assert count(bob) == (0, 0), "each organization has figures of its own"


def test_a_key_was_used_when_it_made_its_latest_call(alice: User, team: Organization) -> None:
    used, other = (make_api_key(team, by=alice).row for _ in range(2))
    now = timezone.now()
    for hours in (3, 2, 5):
        version = make_version(by=alice)
        record_calls(version, payer_id=team.id, key_id=used.id, at=now - timedelta(hours=hours))
        record_calls(version, payer_id=team.id, at=now)
    assert selectors.find_last_uses(scope=scope_of(alice, "team")) == {used.id: now - timedelta(hours=2)}
    assert selectors.find_last_uses(scope=scope_of(alice)) == {}
    assert other.last_used_at is None
