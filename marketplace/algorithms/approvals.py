"""The approved list: which algorithms of other owners an organization's members and keys may call.

An organization that is not "approved only" may call whatever is public; its list is kept meanwhile. The gateways hold
those who are to it (directory/approvals.py), for calls from inside and for later too.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction
from django.db.models import QuerySet

from marketplace.algorithms.approval_models import Approval, ApprovalState
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import list_versions
from marketplace.algorithms.version_numbers import resolve_up_to
from marketplace.audit.services import record
from marketplace.directory import publisher
from marketplace.directory.approvals import find_refusal
from marketplace.directory.entries import ApprovalsEntry
from marketplace.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.permissions import (
    ALLOWED,
    Action,
    check_can_approve,
    check_can_call_algorithms,
)
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.texts import check_storable

LONGEST_REASON = 500


@transaction.atomic
def set_approved_only(*, scope: AccessibleOrganization, on: bool) -> None:
    """Whether members and keys may call nothing of others but what is approved. Raises PermissionDenied."""
    check_can_approve(scope)
    organization = scope.organization
    if Organization.objects.filter(pk=organization.pk).exclude(approved_only=on).update(approved_only=on):
        action = "catalog.restrict" if on else "catalog.open"
        _finish(scope, action, organization.slug, organization.pk)


@transaction.atomic
def ask_for_approval(*, scope: AccessibleOrganization, algorithm: Algorithm, reason: str, now: datetime) -> Approval:
    """Puts it before those who may approve, who are mailed. Raises PermissionDenied, Conflict, InvalidInput."""
    check_can_call_algorithms(scope)
    reason = reason.strip()
    check_storable("reason", reason)
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidInput("reason", f"Say what you need it for, in at most {LONGEST_REASON} characters.")
    if (existing := _find(scope, algorithm)) and existing.state != ApprovalState.DECLINED:
        raise Conflict(f"{algorithm.full_name} is {existing.state} already.")
    asked = {"state": ApprovalState.ASKED, "reason": reason, "asked_by": scope.user, "changed_at": now, "up_to": ""}
    approval = _keep(scope, algorithm, asked)
    _audit(scope, "approval.ask", algorithm, reason=reason)
    transaction.on_commit(lambda: _mail(approval), robust=True)
    return approval


@transaction.atomic
def approve(*, scope: AccessibleOrganization, algorithm: Algorithm, up_to: str = "", now: datetime) -> Approval:
    """Puts it on the list: all its versions, or those up to one. Raises PermissionDenied, InvalidInput, Conflict."""
    check_can_approve(scope)
    if up_to and up_to not in {version.number for version in Version.objects.filter(algorithm=algorithm)}:
        raise InvalidInput("up_to", f"There is no version {up_to} of {algorithm.full_name}.")
    decided = {"state": ApprovalState.APPROVED, "up_to": up_to, "decided_by": scope.user, "changed_at": now}
    approval = _keep(scope, algorithm, decided)
    _finish(scope, "approval.approve", algorithm.full_name, algorithm.pk, up_to=up_to or None)
    return approval


@transaction.atomic
def decline(*, scope: AccessibleOrganization, algorithm: Algorithm, now: datetime) -> None:
    """Takes it off the list, or says no to who asked. Raises PermissionDenied, NotFound."""
    check_can_approve(scope)
    rows = Approval.objects.filter(organization=scope.organization, algorithm=algorithm)
    decided = {"state": ApprovalState.DECLINED, "decided_by": scope.user, "changed_at": now}
    if not rows.exclude(state=ApprovalState.DECLINED).update(**decided):
        raise NotFound(f"{algorithm.full_name} is not on the list.")
    _finish(scope, "approval.decline", algorithm.full_name, algorithm.pk)


def list_approvals(*, scope: AccessibleOrganization) -> QuerySet[Approval]:
    """What is approved or asked for, and is still there, by name."""
    rows = Approval.objects.filter(organization=scope.organization, algorithm__deleted_at=None)
    rows = rows.select_related("algorithm__organization", "asked_by", "decided_by")
    return rows.order_by("algorithm__organization__slug", "algorithm__name")


def find_approved(*, organization: Organization, version: Version, selector: str | None) -> Version:
    """What the organization gets where `selector` means `version`: the newest that it may mean and that is approved, as
    the gateways do. Raises PermissionDenied where there is none.
    """
    algorithm = version.algorithm
    if algorithm.organization_id == organization.pk:
        return version
    entry = collect_approvals_entries([organization.pk]).get(str(organization.pk))
    why = find_refusal(entry, str(algorithm.pk), algorithm.full_name, version.number) if entry else ""
    if not entry or not why:
        return version
    up_to = entry.algorithms.get(str(algorithm.pk))
    found = resolve_up_to(list_versions(algorithm=algorithm), selector, up_to) if up_to else None
    if found is None:
        raise PermissionDenied(why)
    return found


@transaction.atomic
def publish_approvals_now(organization_ids: Collection[UUID]) -> None:
    """Makes the directory say of these organizations what the database says. Raises redis.RedisError."""
    with connection.cursor() as cursor:  # whoever publishes them takes turns: the last to write is the last who read
        for organization_id in sorted(organization_ids):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 2))", [str(organization_id)])
    entries = collect_approvals_entries(organization_ids)
    publisher.publish_approvals({str(one): entries.get(str(one)) for one in organization_ids})


def collect_approvals_entries(organization_ids: Collection[UUID] | None = None) -> dict[str, ApprovalsEntry]:
    """The lists of these organizations, or of all, by id; those that may call anything are left out."""
    bound = Organization.objects.filter(approved_only=True, closed_at=None)
    bound = bound if organization_ids is None else bound.filter(pk__in=organization_ids)
    owners = dict(bound.values_list("pk", "slug"))
    lists: dict[UUID, dict[str, str]] = {pk: {} for pk in owners}
    approved = Approval.objects.filter(organization__in=owners, state=ApprovalState.APPROVED).order_by("algorithm_id")
    for pk, algorithm_id, up_to in approved.values_list("organization_id", "algorithm_id", "up_to"):
        lists[pk][str(algorithm_id)] = up_to
    return {str(pk): ApprovalsEntry(owner=owners[pk], algorithms=found) for pk, found in lists.items()}


def _find(scope: AccessibleOrganization, algorithm: Algorithm) -> Approval | None:
    return Approval.objects.filter(organization=scope.organization, algorithm=algorithm).first()


def _keep(scope: AccessibleOrganization, algorithm: Algorithm, values: dict[str, object]) -> Approval:
    """Raises Conflict for what needs no approval."""
    if algorithm.organization_id == scope.organization.pk:
        raise Conflict(f"{algorithm.full_name} is your own: it needs no approval.")
    key = {"organization": scope.organization, "algorithm": algorithm}
    approval, _ = Approval.objects.update_or_create(**key, defaults=values)
    return approval


def _mail(approval: Approval) -> None:
    roles = [role for role, actions in ALLOWED.items() if Action.APPROVE in actions]
    members = Membership.objects.filter(organization=approval.organization, role__in=roles, user__is_active=True)
    addresses = list(members.exclude(user__email="").values_list("user__email", flat=True))
    by, organization, name = approval.asked_by, approval.organization, approval.algorithm.full_name
    subject = f"{by} asks for {name} in {organization.name}"
    text = f"{by} would like to call {name} for {organization.name}:\n\n{approval.reason}\n\nDecide at "
    text += f"{settings.AGORA_ADDRESS}/console/{organization.slug}/catalog\n"
    for address in addresses:
        send_mail(subject, text, None, [address])


def _finish(scope: AccessibleOrganization, action: str, label: str, subject_id: object, **details: object) -> None:
    _record(scope, action, label, subject_id, details)
    # Not robust: whoever decides must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_approvals_now([scope.organization.pk]))


def _audit(scope: AccessibleOrganization, action: str, algorithm: Algorithm, **details: object) -> None:
    _record(scope, action, algorithm.full_name, algorithm.pk, details)


def _record(
    scope: AccessibleOrganization, action: str, label: str, subject_id: object, details: dict[str, object]
) -> None:
    record(
        actor=scope.user,
        organization_id=scope.organization.pk,
        action=action,
        subject_label=label,
        subject_id=subject_id,
        details=details,
    )
