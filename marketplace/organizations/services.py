"""Writes of tenants: organizations, members, API keys. Each is atomic, with its audit inside."""

import secrets
import string
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.accounts.selectors import has_second_factor
from marketplace.audit.services import record
from marketplace.directory.keys import hash_key
from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.organizations.key_permissions import ALL, KeyPermissions, permissions_of
from marketplace.organizations.limits import tell_of_teams
from marketplace.organizations.models import (
    ApiKey,
    Invitation,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    Team,
)
from marketplace.organizations.permissions import (
    ALLOWED,
    Action,
    check_can_close,
    check_can_create_key,
    check_can_edit_profile,
    check_can_manage_members,
    check_can_manage_owners,
    check_can_manage_sign_on,
    check_can_revoke_key,
)
from marketplace.organizations.publication import publish_keys_now
from marketplace.organizations.selectors import (
    AccessibleOrganization,
    find_membership,
    get_accessible_organization,
    get_administered_organization,
)
from marketplace.texts import check_storable

PLATFORM_SLUG = "agora"
"""The organization that owns what the platform itself publishes; nobody else can take the name, which is reserved."""
SEEN_PRECISION = timedelta(minutes=5)
KEY_MARK = "sim"
KEY_ALPHABET = string.ascii_letters + string.digits
KEY_RANDOM_CHARACTERS = 25
"""With the mark, 28 in all: the published command line of Algorithmia accepts nothing else."""


@dataclass(frozen=True)
class NewApiKey:
    """A key just made. `text` is nowhere else, and cannot be shown again."""

    text: str
    row: ApiKey


@transaction.atomic
def open_personal_organization(*, user: User) -> Organization:
    """Makes the organization that a new user starts with, with the free credits. Safe to repeat.

    Raises Conflict if an organization has the user's name as its slug.
    """
    existing = Organization.objects.filter(memberships__user=user, personal=True).first()
    if existing:
        return existing
    organization = _insert_organization(slug=user.username, name=user.username, personal=True, by=user)
    billing.open_account(organization_id=organization.id, free_credits=settings.FREE_CREDITS)
    return organization


@transaction.atomic
def create_organization(*, name: str, slug: str, by: User, **profile: str) -> Organization:
    """Makes an organization owned by `by`, with an empty account. Raises InvalidInput, Conflict.

    `profile` is what edit_organization takes beside the name.
    """
    organization = _insert_organization(slug=slug, name=name.strip() or slug, personal=False, by=by, **profile)
    billing.open_account(organization_id=organization.id, free_credits=0)
    return organization


@transaction.atomic
def edit_organization(
    *,
    organization: Organization,
    by: User,
    name: str | None = None,
    contact_name: str | None = None,
    email: str | None = None,
    url: str | None = None,
    kind: OrganizationKind | None = None,
) -> Organization:
    """Changes the profile; None leaves a value as it is. Raises NotFound, PermissionDenied, InvalidInput."""
    check_can_edit_profile(get_administered_organization(user=by, slug=organization.slug))
    asked = {"name": name, "contact_name": contact_name, "email": email, "url": url, "kind": kind}
    current = Organization.objects.select_for_update().get(pk=organization.pk)
    changed = [field for field, value in asked.items() if value is not None and getattr(current, field) != value]
    before = {field: getattr(current, field) for field in changed}
    for field in changed:
        setattr(current, field, asked[field])
    if changed:
        _clean(current)
        current.save(update_fields=changed)
        _audit(
            by,
            current,
            "organization.edit",
            current.slug,
            current.id,
            before=before,
            after={field: asked[field] for field in changed},
        )
    return current


@transaction.atomic
def create_user(*, username: str, email: str, full_name: str = "", by: User) -> User:
    """Makes an account for somebody, as an administrator of the platform; they choose a password by resetting it.

    Raises PermissionDenied, InvalidInput, Conflict (the name or the address is taken).
    """
    check_is_operator(by)
    first, _, last = full_name.strip().partition(" ")
    user = User(username=username, email=email, first_name=first, last_name=last.strip())
    user.set_unusable_password()
    _clean(user)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise Conflict("This name or e-mail address is taken.") from None
    organization = open_personal_organization(user=user)
    _audit(by, organization, "user.create", username, user.pk)
    return user


@transaction.atomic
def open_platform_organization(*, by: User) -> Organization:
    """Makes the platform's own organization, with an empty account, owned by `by`. Safe to repeat."""
    existing = Organization.objects.filter(slug=PLATFORM_SLUG).first()
    if existing:
        return existing
    organization = _insert_organization(slug=PLATFORM_SLUG, name="Agora", personal=False, by=by, reserved=True)
    billing.open_account(organization_id=organization.id, free_credits=0)
    return organization


@transaction.atomic
def add_member(*, organization: Organization, user: User, role: Role, by: User) -> Membership:
    """Makes `user` a member, or changes the role of one: keys that the new role could not make are revoked.

    Raises PermissionDenied, Conflict.
    """
    scope = _lock_as_manager(organization, by)
    before = find_membership(organization=organization, user=user)
    if Role.OWNER in {role, before and before.role}:
        check_can_manage_owners(scope)
    if organization.personal:
        raise Conflict("A personal organization has one member: create an organization to share.")
    if role != Role.OWNER:
        _check_owner_remains(organization, without=user)
    membership, _ = Membership.objects.update_or_create(
        organization=organization, user=user, defaults={"role": role}, create_defaults=_member_fields(role)
    )
    _audit(by, organization, "member.add", user.username, user.pk, role=role, before=before.role if before else None)
    if Action.CREATE_KEY not in ALLOWED[role]:
        _revoke_keys_of(user, organization, by)
    tell_of_teams(organization)
    return membership


def note_seen(*, scope: AccessibleOrganization, now: datetime) -> None:
    """Notes that a member opened a page of it; written again after some minutes only, so that a page costs no write."""
    if scope.seen_at is None or now - scope.seen_at > SEEN_PRECISION:
        Membership.objects.filter(organization=scope.organization, user=scope.user).update(last_seen_at=now)


@transaction.atomic
def set_two_factor(*, scope: AccessibleOrganization, required: bool) -> None:
    """Says whether members must have a second factor to be let in. Raises PermissionDenied, Conflict.

    Nobody locks themselves out: who asks for it must have one.
    """
    check_can_manage_sign_on(scope)
    _lock(scope.organization)
    if required and not has_second_factor(scope.user):
        raise Conflict("Set up two-factor sign-in for your own account first: you would lock yourself out.")
    changed = Organization.objects.filter(pk=scope.organization.pk).exclude(requires_two_factor=required)
    if changed.update(requires_two_factor=required):
        action = f"organization.{'require' if required else 'excuse'}_two_factor"
        _audit(scope.user, scope.organization, action, scope.organization.slug, scope.organization.id)


@transaction.atomic
def remove_member(*, organization: Organization, user: User, by: User) -> None:
    """Ends the membership and revokes the keys that the member made: they know their texts.

    Anyone may leave; owners and admins may remove others, and owners alone remove owners.
    Raises PermissionDenied, NotFound, Conflict (the last owner).
    """
    if user == by:
        _lock(organization)
    else:
        scope, member = _lock_as_manager(organization, by), find_membership(organization=organization, user=user)
        if member and member.role == Role.OWNER:
            check_can_manage_owners(scope)
    _check_owner_remains(organization, without=user)
    removed, _ = Membership.objects.filter(organization=organization, user=user).delete()
    if not removed:
        raise NotFound(f"{user.username} is not a member of {organization.slug}.")
    _audit(by, organization, "member.remove", user.username, user.pk)
    _revoke_keys_of(user, organization, by)
    tell_of_teams(organization)


@transaction.atomic
def end_organization(*, scope: AccessibleOrganization, now: datetime) -> None:
    """Takes everybody out, revokes all keys and ends all invitations. Its name stays taken, its records are kept.

    What it published and owns is not looked at here: see algorithms/closing.py. Raises PermissionDenied.
    """
    check_can_close(scope)
    organization = scope.organization
    _lock(organization)
    for key in ApiKey.objects.filter(organization=organization, revoked_at=None):
        _revoke(key, organization, scope.user)
    Invitation.objects.filter(organization=organization, accepted_at=None, ended_at=None).update(ended_at=now)
    members = list(Membership.objects.filter(organization=organization).values_list("user__username", flat=True))
    Membership.objects.filter(organization=organization).delete()
    profile = {"contact_name": "", "email": "", "url": "", "closed_at": now}
    Organization.objects.filter(pk=organization.pk).update(**profile)
    _audit(scope.user, organization, "organization.delete", organization.slug, organization.id, members=members)


@transaction.atomic
def create_api_key(
    *, organization: Organization, name: str, by: User, permissions: KeyPermissions = ALL, team: Team | None = None
) -> NewApiKey:
    """Makes a key that acts, and pays, for the organization; `team` is one of list_own_teams, or that of another key.

    Raises PermissionDenied, InvalidInput.
    """
    check_can_create_key(get_accessible_organization(user=by, slug=organization.slug))
    text = KEY_MARK + "".join(secrets.choice(KEY_ALPHABET) for _ in range(KEY_RANDOM_CHARACTERS))
    key = ApiKey(
        organization=organization,
        created_by=by,
        team=team,
        name=name.strip(),
        prefix=text[:8],
        key_hash=hash_key(text),
        created_at=timezone.now(),
        **permissions.as_fields(),
    )
    _clean(key)
    key.save(force_insert=True)
    _audit(by, organization, "key.create", key.name, key.id, prefix=key.prefix, **_bounds_of(key))
    # Robust: should Redis be away, the person still gets the text, and the next refresh publishes the key.
    transaction.on_commit(lambda: publish_keys_now([key.key_hash]), robust=True)
    return NewApiKey(text=text, row=key)


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: User) -> ApiKey:
    """Ends the key: calls with it fail within a second. Safe to repeat. Raises PermissionDenied, NotFound."""
    organization = key.organization
    check_can_revoke_key(get_accessible_organization(user=by, slug=organization.slug), key)
    _revoke(key, organization, by)
    return key


def _revoke_keys_of(user: User, organization: Organization, by: User) -> None:
    for key in ApiKey.objects.filter(organization=organization, created_by=user, revoked_at=None):
        _revoke(key, organization, by)


def _revoke(key: ApiKey, organization: Organization, by: User) -> None:
    now = timezone.now()
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        key.revoked_at = now
        _audit(by, organization, "key.revoke", key.name, key.id, prefix=key.prefix)
    # Not robust: whoever revokes must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_keys_now([key.key_hash]))


def _insert_organization(
    *, slug: str, name: str, personal: bool, by: User, reserved: bool = False, **profile: str
) -> Organization:
    organization = Organization(slug=slug, name=name, personal=personal, created_at=timezone.now(), **profile)
    if not reserved:
        _clean(organization)
    try:
        with transaction.atomic():
            organization.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"The name {slug} is taken.") from None
    Membership.objects.create(organization=organization, user=by, **_member_fields(Role.OWNER))
    _audit(by, organization, "organization.create", slug, organization.id, personal=personal)
    return organization


def _clean(row: Organization | ApiKey | User) -> None:
    """Raises InvalidInput for the first field that its validators refuse. Uniqueness is the database's to judge."""
    for field in ("name", "contact_name", "first_name", "last_name"):
        check_storable(field, getattr(row, field, ""))
    try:
        row.clean_fields()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(field, messages[0]) from None


def _bounds_of(key: ApiKey) -> dict[str, object]:
    """What it may less than everything, for the audit trail."""
    fields = permissions_of(key).as_fields()
    bounds = {name: value for name, value in fields.items() if value != ALL.as_fields()[name]}
    bounds |= {"team": key.team.name} if key.team else {}
    return bounds | ({"expires_at": key.expires_at.isoformat()} if key.expires_at else {})


def _member_fields(role: Role) -> dict[str, object]:
    return {"role": role, "created_at": timezone.now()}


def _lock(organization: Organization) -> None:
    """Changes of one organization's members take turns, so that two owners cannot remove each other at once."""
    Organization.objects.select_for_update().get(pk=organization.pk)


def _lock_as_manager(organization: Organization, by: User) -> AccessibleOrganization:
    _lock(organization)
    scope = get_administered_organization(user=by, slug=organization.slug)
    check_can_manage_members(scope)
    return scope


def _check_owner_remains(organization: Organization, *, without: User) -> None:
    owners = Membership.objects.filter(organization=organization, role=Role.OWNER)
    if owners.filter(user=without).exists() and not owners.exclude(user=without).exists():
        raise Conflict("An organization needs an owner: make someone else one first.")


def _audit(
    by: User, organization: Organization, action: str, label: str, subject_id: object, **details: object
) -> None:
    record(
        actor=by,
        organization_id=organization.id,
        action=action,
        subject_label=label,
        subject_id=subject_id,
        details=details,
    )
