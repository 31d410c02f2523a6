"""The approved list: who decides, what the gateways are told, and what calls for later are told."""

import pytest
from django.core import mail
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.approvals import (
    approve,
    ask_for_approval,
    collect_approvals_entries,
    decline,
    find_approved,
    list_approvals,
    set_approved_only,
)
from marketplace.algorithms.models import Version
from marketplace.audit.models import AuditEvent
from marketplace.directory.entries import ApprovalsEntry
from marketplace.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from marketplace.organizations.models import Organization
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import scope_of

NOW = timezone.now()


@pytest.fixture
def version(charlie: User) -> Version:
    """A public version of a stranger."""
    return make_version(make_algorithm("hello", by=charlie), by=charlie)


def test_the_gateways_are_told_of_those_that_are_bound(team: Organization, alice: User, version: Version) -> None:
    scope, algorithm = scope_of(alice, "team"), version.algorithm
    approve(scope=scope, algorithm=algorithm, now=NOW)
    assert collect_approvals_entries() == {}, "the list counts once it is turned on"
    set_approved_only(scope=scope, on=True)
    assert collect_approvals_entries() == {str(team.pk): ApprovalsEntry("team", {str(algorithm.pk): ""})}
    approve(scope=scope, algorithm=algorithm, up_to="0.1.0", now=NOW)
    assert collect_approvals_entries([team.pk])[str(team.pk)].algorithms == {str(algorithm.pk): "0.1.0"}
    decline(scope=scope, algorithm=algorithm, now=NOW)
    assert collect_approvals_entries()[str(team.pk)].algorithms == {}
    deeds = AuditEvent.objects.filter(organization_id=team.pk, action__regex="^(approval|catalog)").order_by("pk")
    assert [event.action for event in deeds] == [
        "approval.approve", "catalog.restrict", "approval.approve", "approval.decline",
    ]  # fmt: skip


def test_calls_for_later_are_refused_in_the_same_words(team: Organization, alice: User, version: Version) -> None:
    scope = scope_of(alice, "team")
    set_approved_only(scope=scope, on=True)
    with pytest.raises(PermissionDenied, match=r"charlie/hello is not approved in team.*owners and admins of team"):
        find_approved(organization=team, version=version, selector="")
    approve(scope=scope, algorithm=version.algorithm, up_to="0.1.0", now=NOW)
    assert find_approved(organization=team, version=version, selector="") == version
    newer = make_version(version.algorithm, by=User.objects.get(username="charlie"))
    assert find_approved(organization=team, version=newer, selector="") == version
    assert find_approved(organization=team, version=newer, selector="0") == version
    with pytest.raises(PermissionDenied, match=r"approved in team up to 0\.1\.0, and this is 0\.2\.0"):
        find_approved(organization=team, version=newer, selector="0.2.0")


def test_its_own_need_no_approval(team: Organization, alice: User) -> None:
    scope, own = scope_of(alice, "team"), make_version(make_algorithm("own", by=alice, owner="team"), by=alice)
    set_approved_only(scope=scope, on=True)
    assert find_approved(organization=team, version=own, selector="") == own
    with pytest.raises(Conflict, match="is your own"):
        approve(scope=scope, algorithm=own.algorithm, now=NOW)


def test_a_member_asks_and_those_who_decide_are_mailed(
    team: Organization, alice: User, bob: User, version: Version, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        ask_for_approval(scope=scope_of(bob, "team"), algorithm=version.algorithm, reason="We greet.", now=NOW)
    (message,) = mail.outbox
    assert (message.to, "We greet." in str(message.body)) == ([alice.email], True)
    (asked,) = list_approvals(scope=scope_of(alice, "team"))
    assert (asked.state, asked.asked_by, asked.reason) == ("asked", bob, "We greet.")
    with pytest.raises(Conflict, match="asked already"):
        ask_for_approval(scope=scope_of(bob, "team"), algorithm=version.algorithm, reason="Again.", now=NOW)


def test_what_cannot_be_is_refused(team: Organization, alice: User, bob: User, version: Version) -> None:
    algorithm = version.algorithm
    with pytest.raises(PermissionDenied):
        approve(scope=scope_of(bob, "team"), algorithm=algorithm, now=NOW)
    with pytest.raises(PermissionDenied):
        set_approved_only(scope=scope_of(bob, "team"), on=True)
    with pytest.raises(InvalidInput):
        approve(scope=scope_of(alice, "team"), algorithm=algorithm, up_to="7.0.0", now=NOW)
    with pytest.raises(InvalidInput):
        ask_for_approval(scope=scope_of(bob, "team"), algorithm=algorithm, reason=" ", now=NOW)
    with pytest.raises(NotFound):
        decline(scope=scope_of(alice, "team"), algorithm=algorithm, now=NOW)
