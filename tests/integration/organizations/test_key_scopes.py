"""Keys that may do less: addresses, data, time."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.errors import InvalidInput, PermissionDenied
from marketplace.organizations.expiry import warn_of_expiring_keys
from marketplace.organizations.key_permissions import KeyPermissions, check_can_grant, check_can_reach_data
from marketplace.organizations.models import Organization
from marketplace.organizations.publication import collect_key_entries
from marketplace.organizations.selectors import find_api_key
from tests.factories.people import make_api_key


def test_a_key_is_found_where_and_while_it_may_be_used(team: Organization, alice: User) -> None:
    ends = timezone.now() + timedelta(days=3)
    bounds = KeyPermissions(addresses=("203.0.113.7", "10.1.2.3/8"), expires_at=ends)
    made = make_api_key(team, by=alice, permissions=bounds)
    assert made.row.addresses == ["203.0.113.7/32", "10.0.0.0/8"]
    assert find_api_key(text=made.text, address="10.9.9.9") == made.row
    for elsewhere in ("203.0.113.8", ""):
        with pytest.raises(PermissionDenied, match="address"):
            find_api_key(text=made.text, address=elsewhere)
    entry = collect_key_entries()[made.row.key_hash]
    assert (entry.addresses, entry.expires_at) == (("203.0.113.7/32", "10.0.0.0/8"), ends.timestamp())
    made.row.expires_at = timezone.now()
    made.row.save()
    assert find_api_key(text=made.text, address="10.9.9.9") is None


@pytest.mark.parametrize(
    ("bounds", "field"),
    [
        ({"addresses": ("here",)}, "addresses"),
        ({"addresses": ("10.0.0.0/8",) * 101}, "addresses"),
        ({"data_acl": ("s3://bucket",)}, "data_acl"),
        ({"algo_acl": ("algo://",)}, "algo_acl"),
    ],
)
def test_bounds_that_cannot_be(team: Organization, alice: User, bounds: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_api_key(team, by=alice, permissions=KeyPermissions(**bounds))
    assert refused.value.field == field


def test_a_key_gives_no_more_than_it_has(team: Organization, alice: User) -> None:
    ends = timezone.now() + timedelta(days=3)
    held = {"addresses": ("10.0.0.0/8",), "data_acl": ("data://team/photos",), "expires_at": ends}
    key = make_api_key(team, by=alice, permissions=KeyPermissions(**held)).row
    check_can_grant(key, KeyPermissions(**held))
    for name, more in (
        ("addresses", ()),
        ("data_acl", ("data://team/*",)),
        ("expires_at", None),
        ("expires_at", ends + timedelta(days=1)),
    ):
        with pytest.raises(PermissionDenied, match=name):
            check_can_grant(key, KeyPermissions(**held | {name: more}))


def test_a_key_reaches_the_data_that_it_names(team: Organization, alice: User) -> None:
    bounds = KeyPermissions(data_acl=("data://Team/photos",))
    key = make_api_key(team, by=alice, permissions=bounds).row
    check_can_reach_data(key, "team/photos/cat.png")
    check_can_reach_data(key, "team/Photos")
    for path in ("team", "team/photos2", "other/photos", "team/.algo/x/y/temp"):
        with pytest.raises(PermissionDenied, match="data_acl"):
            check_can_reach_data(key, path)


def test_the_maker_is_mailed_once_a_week_before(team: Organization, alice: User) -> None:
    now = timezone.now()
    for days in (3, 30):
        make_api_key(
            team, by=alice, name=f"in {days}", permissions=KeyPermissions(expires_at=now + timedelta(days=days))
        )
    assert [warn_of_expiring_keys(now=now) for _ in range(2)] == [1, 0]
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["alice@example.com"], "Your API key in 3 ends soon")
