"""Invitations by mail: a signed link, good for a week, to people who need not have an account yet."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import QuerySet

from marketplace.accounts.models import User
from marketplace.audit.services import record
from marketplace.errors import Conflict, NotFound
from marketplace.organizations.limits import tell_of_teams
from marketplace.organizations.models import Invitation, Membership, Organization, Role
from marketplace.organizations.permissions import check_can_manage_members, check_can_manage_owners
from marketplace.organizations.selectors import AccessibleOrganization

LIFETIME = timedelta(days=7)
MOST_OPEN = 200
"""At once, for one organization: nobody floods others with mail in the platform's name."""
SALT = "invitation"


@transaction.atomic
def invite(*, scope: AccessibleOrganization, email: str, role: Role, now: datetime) -> Invitation:
    """Mails an invitation; one that is open for this address is renewed, with the new role.

    Raises PermissionDenied, Conflict.
    """
    check_can_manage_members(scope)
    if role == Role.OWNER:
        check_can_manage_owners(scope)
    organization = Organization.objects.select_for_update().get(pk=scope.organization.pk)
    if organization.personal:
        raise Conflict("A personal organization has one member: create an organization to share.")
    if list_invitations(scope=scope).count() >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} invitations are open: take some back first.")
    given = {"role": role, "invited_by": scope.user, "expires_at": now + LIFETIME}
    invitation, _ = Invitation.objects.update_or_create(
        organization=organization,
        email=email.strip().lower(),
        accepted_at=None,
        ended_at=None,
        defaults=given,
        create_defaults={**given, "created_at": now},
    )
    _audit(scope.user, invitation, "invitation.send", role=role)
    transaction.on_commit(lambda: _mail(invitation))
    return invitation


@transaction.atomic
def take_back(*, scope: AccessibleOrganization, invitation_id: object, now: datetime) -> Invitation:
    """Ends an open invitation: its link does nothing any more. Raises PermissionDenied, NotFound."""
    check_can_manage_members(scope)
    invitation = get_invitation(scope=scope, invitation_id=invitation_id)
    Invitation.objects.filter(pk=invitation.pk).update(ended_at=now)
    _audit(scope.user, invitation, "invitation.take_back")
    return invitation


@transaction.atomic
def accept(*, invitation: Invitation, user: User, now: datetime) -> Membership:
    """Makes the person a member. Raises NotFound (it is not open any more), Conflict (they are one already)."""
    _close(invitation, now, accepted_at=now)
    role = {"role": invitation.role, "created_at": now}
    membership, made = Membership.objects.get_or_create(organization=invitation.organization, user=user, defaults=role)
    if not made:
        raise Conflict(f"You are a member of {invitation.organization.slug} already: as {membership.role}.")
    _audit(user, invitation, "invitation.accept", role=invitation.role)
    tell_of_teams(invitation.organization)
    return membership


@transaction.atomic
def decline(*, invitation: Invitation, now: datetime) -> None:
    """Ends it, as the one who got it. Raises NotFound."""
    _close(invitation, now, ended_at=now)
    _audit(None, invitation, "invitation.decline")


def list_invitations(*, scope: AccessibleOrganization) -> QuerySet[Invitation]:
    """The open ones, newest first; those that have expired too, until they are taken back or renewed."""
    rows = Invitation.objects.filter(organization=scope.organization, accepted_at=None, ended_at=None)
    return rows.select_related("invited_by").order_by("-created_at")


def get_invitation(*, scope: AccessibleOrganization, invitation_id: object) -> Invitation:
    """An open one of the organization. Raises NotFound."""
    found = list_invitations(scope=scope).filter(pk=invitation_id).first()
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def read_link(token: str, *, now: datetime) -> Invitation:
    """The open invitation that a mailed link stands for. Raises NotFound."""
    try:
        invitation_id = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise NotFound("This invitation is not complete: open the link of the mail again.") from None
    rows = Invitation.objects.select_related("organization", "invited_by")
    found = rows.filter(pk=invitation_id, accepted_at=None, ended_at=None, expires_at__gt=now).first()
    if found is None or found.organization.closed_at is not None:
        raise NotFound("This invitation has expired, was taken back, or was used: ask for another one.")
    return found


def write_link(invitation: Invitation) -> str:
    """Its address, for whoever gets the mail."""
    return f"{settings.AGORA_ADDRESS}/invitations/{signing.dumps(str(invitation.pk), salt=SALT)}"


def _close(invitation: Invitation, now: datetime, **ends: datetime) -> None:
    open_ones = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, ended_at=None, expires_at__gt=now)
    if not open_ones.update(**ends):
        raise NotFound("This invitation has expired, was taken back, or was used: ask for another one.")


def _mail(invitation: Invitation) -> None:
    organization, by = invitation.organization, invitation.invited_by.username
    send_mail(
        f"{by} invites you to {organization.name} on Agora",
        f"{by} asks you to join {organization.name} on Agora, as {Role(invitation.role).label.lower()}:\n\n"
        f"{write_link(invitation)}\n\n"
        f"The link is good until {invitation.expires_at:%d %B %Y}. If you do not know them, do nothing.\n",
        None,
        [invitation.email],
    )


def _audit(by: User | None, invitation: Invitation, action: str, **details: object) -> None:
    record(
        actor=by,
        organization_id=invitation.organization_id,
        action=action,
        subject_label=invitation.email,
        subject_id=invitation.pk,
        details=details,
    )
