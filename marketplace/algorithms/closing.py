"""The end of an organization, and of an account: what happens to what they own."""

from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.accounts.services import erase_person
from marketplace.algorithms.models import Algorithm, AlgorithmSecret, Version
from marketplace.algorithms.publication import publish_many_now
from marketplace.errors import Conflict, NotFound
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import check_can_close
from marketplace.organizations.selectors import (
    AccessibleOrganization,
    get_personal_organization,
    list_accessible_organizations,
    list_sole_ownerships,
)
from marketplace.organizations.services import end_organization, remove_member
from marketplace.sign_on.services import erase_sign_on


def list_obstacles(organization: Organization) -> list[str]:
    """Why it cannot be deleted yet, in sentences: money is settled first."""
    balance, earned = billing.get_balance(organization.id), billing.get_earnings(organization.id)
    obstacles = ["Its algorithms earned money that was not paid out: have it paid out first."] if earned > 0 else []
    return obstacles + (["It owes for calls: buy the credits that are missing first."] if balance < 0 else [])


@transaction.atomic
def close_organization(*, scope: AccessibleOrganization, forfeit: bool, now: datetime) -> None:
    """Deletes an organization that is shared: calls of its algorithms and with its keys fail within a second.

    Its balance must be nothing, unless `forfeit` gives it up. Raises PermissionDenied, Conflict.
    """
    check_can_close(scope)
    if scope.organization.personal:
        raise Conflict("A personal organization ends with its account: delete that.")
    _check_settled(scope.organization, forfeit=forfeit)
    _close(scope, now)


@transaction.atomic
def close_account(*, user: User, forfeit: bool, now: datetime) -> None:
    """Deletes a person: their personal organization, memberships and keys end, and what is personal is erased.

    Records of money, and what stands in audit logs, are kept. Raises Conflict: the last owner of a shared
    organization, or one whose money is not settled.
    """
    if alone := list_sole_ownerships(user=user):
        raise Conflict(f"You are the only owner of {', '.join(alone)}: make someone else one, or delete it, first.")
    try:
        personal = get_personal_organization(user=user)
    except NotFound:
        personal = None
    if personal is not None:
        _check_settled(personal.organization, forfeit=forfeit)
        _close(personal, now)
    for scope in list_accessible_organizations(user=user):
        remove_member(organization=scope.organization, user=user, by=user)
    for ways_in in (EmailAddress, Authenticator, SocialAccount):
        ways_in.objects.filter(user=user).delete()
    erase_person(user=user)


def _check_settled(organization: Organization, *, forfeit: bool) -> None:
    if obstacles := list_obstacles(organization):
        raise Conflict(" ".join(obstacles))
    if billing.get_balance(organization.id) > 0 and not forfeit:
        raise Conflict("Credits are left: spend them, or say that you give them up.")


def _close(scope: AccessibleOrganization, now: datetime) -> None:
    owned = Algorithm.objects.filter(organization=scope.organization).select_for_update().order_by("pk")
    ids = list(owned.values_list("pk", flat=True))
    Version.objects.filter(algorithm__in=ids, withdrawn_at=None).update(withdrawn_at=now)
    Algorithm.objects.filter(pk__in=ids).update(public=False, updated_at=now)
    AlgorithmSecret.objects.filter(algorithm__in=ids).delete()
    erase_sign_on(scope.organization)
    end_organization(scope=scope, now=now)
    # Not robust: whoever deletes must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_many_now(ids))
