"""Budgets of organizations, members and keys, and how fast keys may call: set by owners, told to the gateways with the
teams (teams.py)."""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from billing import api as billing
from billing.api import Budget, BudgetLine, KeyLimit, Period
from marketplace.audit.services import record
from marketplace.directory import publisher
from marketplace.directory.entries import BudgetEntry, KeyLimitEntry, LimitsEntry, TeamEntry
from marketplace.errors import InvalidInput, NotFound
from marketplace.organizations.models import Membership, Organization, Team
from marketplace.organizations.permissions import TEAM_MANAGERS, check_can_manage_limits
from marketplace.organizations.selectors import AccessibleOrganization, get_api_key
from marketplace.webhook_addresses import check_webhook_url

LARGEST_BUDGET = 10**18
"""Micro-credits."""
LARGEST_RATE = 1_000_000


@transaction.atomic
def set_budget(
    *,
    scope: AccessibleOrganization,
    period: Period,
    amount: int,
    hard: bool,
    key_id: uuid.UUID | None = None,
    member: str = "",
    webhook_url: str = "",
    at: datetime,
) -> Budget:
    """Sets what may be spent in each period by the organization, or by its key or member (a user name) alone.

    Calls stop within a second when a hard one is spent. Raises PermissionDenied, NotFound, InvalidInput.
    """
    check_can_manage_limits(scope)
    if not 0 <= amount <= LARGEST_BUDGET:
        raise InvalidInput("amount", f"A budget is from 0 to {LARGEST_BUDGET:,} micro-credits.")
    if key_id is not None and member:
        raise InvalidInput("member", "A budget is of a key or of a member, not of both.")
    if webhook_url:
        check_webhook_url(webhook_url, field="webhook_url")
    key = get_api_key(scope=scope, key_id=key_id) if key_id is not None else None
    budget = billing.set_budget(
        organization_id=scope.organization.id,
        key_id=key_id,
        member_id=_find_member(scope, member) if member else None,
        period=period,
        amount=amount,
        hard=hard,
        webhook_url=webhook_url,
        at=at,
    )
    whose = key.name if key else member or str(scope.organization)
    _finish(scope, "budget.set", whose, budget.id, amount=amount, period=period, key=str(key.id) if key else None)
    return budget


@transaction.atomic
def remove_budget(*, scope: AccessibleOrganization, budget_id: uuid.UUID) -> None:
    """Ends a budget. Raises PermissionDenied, NotFound."""
    check_can_manage_limits(scope)
    if not billing.remove_budget(organization_id=scope.organization.id, budget_id=budget_id):
        raise NotFound("There is no such budget.")
    _finish(scope, "budget.remove", str(scope.organization), budget_id)


@transaction.atomic
def set_key_limit(
    *, scope: AccessibleOrganization, key_id: uuid.UUID, calls_per_second: int | None, calls_at_once: int | None
) -> None:
    """Limits how fast a key may call; None is no limit. Raises PermissionDenied, NotFound, InvalidInput."""
    check_can_manage_limits(scope)
    key = get_api_key(scope=scope, key_id=key_id)
    for name, value in (("calls_per_second", calls_per_second), ("calls_at_once", calls_at_once)):
        if value is not None and not 1 <= value <= LARGEST_RATE:
            raise InvalidInput(name, f"A limit is from 1 to {LARGEST_RATE:,} calls.")
    billing.set_key_limit(
        organization_id=scope.organization.id,
        key_id=key.id,
        calls_per_second=calls_per_second,
        calls_at_once=calls_at_once,
    )
    limits = {"calls_per_second": calls_per_second, "calls_at_once": calls_at_once}
    _finish(scope, "key.limit", key.name, key.id, **limits)


def list_budgets(*, scope: AccessibleOrganization, at: datetime) -> list[BudgetLine]:
    """The organization's budgets, with what was spent of each in its current period."""
    return billing.list_budgets(scope.organization.id, at)


def list_key_limits(*, scope: AccessibleOrganization) -> dict[uuid.UUID, KeyLimit]:
    """The limits of the organization's keys, by the key's id."""
    return billing.list_key_limits(scope.organization.id)


@transaction.atomic
def publish_limits_now(organization_ids: Collection[uuid.UUID]) -> None:
    """Makes the directory say of these organizations what the database says. Raises redis.RedisError."""
    with connection.cursor() as cursor:  # whoever publishes them takes turns: the last to write is the last who read
        for organization_id in sorted(organization_ids):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [str(organization_id)])
    entries = collect_limits_entries(organization_ids)
    publisher.publish_limits({str(one): entries.get(str(one)) for one in organization_ids})


def tell_of_teams(organization: Organization) -> None:
    """Has the gateways know, once this is committed, who reaches what is limited to teams; where there are any."""
    if Team.objects.filter(organization=organization).exists():
        transaction.on_commit(lambda: publish_limits_now([organization.pk]))


def collect_limits_entries(organization_ids: Collection[uuid.UUID] | None = None) -> dict[str, LimitsEntry]:
    """What these organizations, or all, have of budgets and limits, by id; those without any are left out."""
    budgets, limits = billing.collect_budgets(organization_ids), billing.collect_key_limits(organization_ids)
    teams = _collect_teams(organization_ids)
    return {
        str(one): LimitsEntry(
            budgets=tuple(_to_budget_entry(budget) for budget in budgets.get(one, ())),
            keys=tuple(_to_limit_entry(limit) for limit in limits.get(one, ())),
            teams=tuple(teams.get(one, ())),
        )
        for one in budgets.keys() | limits.keys() | teams.keys()
    }


def _collect_teams(organization_ids: Collection[uuid.UUID] | None) -> dict[uuid.UUID, list[TeamEntry]]:
    teams = Team.objects.order_by("pk")
    teams = teams if organization_ids is None else teams.filter(organization__in=organization_ids)
    rows = list(teams.values_list("pk", "organization_id"))
    places = [organization_id for _, organization_id in rows]
    managers = _group(Membership.objects.filter(organization__in=places, role__in=TEAM_MANAGERS), "organization_id")
    members = _group(Membership.objects.filter(organization__in=places).exclude(teams=None), "teams")
    entries: dict[uuid.UUID, list[TeamEntry]] = {}
    for pk, organization_id in rows:
        reach = {*managers.get(organization_id, ()), *members.get(pk, ())}
        entries.setdefault(organization_id, []).append(TeamEntry(str(pk), tuple(sorted(reach))))
    return entries


def _group(members: QuerySet[Membership], by: str) -> dict[uuid.UUID, list[int]]:
    """Their users, by the id of what they belong to."""
    grouped: dict[uuid.UUID, list[int]] = {}
    for place, user_id in members.values_list(by, "user_id"):
        grouped.setdefault(place, []).append(user_id)
    return grouped


def _to_budget_entry(budget: Budget) -> BudgetEntry:
    return BudgetEntry(
        period=budget.span,
        amount=budget.amount,
        hard=budget.hard,
        key_id=str(budget.key_id) if budget.key_id else None,
        member_id=budget.member_id,
    )


def _to_limit_entry(limit: KeyLimit) -> KeyLimitEntry:
    return KeyLimitEntry(
        key_id=str(limit.key_id),
        calls_per_second=limit.calls_per_second or 0,
        calls_at_once=limit.calls_at_once or 0,
    )


def _find_member(scope: AccessibleOrganization, username: str) -> int:
    found = Membership.objects.filter(organization=scope.organization, user__username__iexact=username).first()
    if found is None:
        raise NotFound(f"{username} is not a member of {scope.organization.slug}.")
    return int(found.user_id)


def _finish(scope: AccessibleOrganization, action: str, label: str, subject_id: object, **details: object) -> None:
    organization_id = scope.organization.id
    record(
        actor=scope.user,
        organization_id=organization_id,
        action=action,
        subject_label=label,
        subject_id=subject_id,
        details=details,
    )
    # Not robust: whoever limits must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_limits_now([organization_id]))
