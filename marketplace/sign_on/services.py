"""Writes of an organization's single sign-on. Each is atomic, with its audit inside."""

from collections.abc import Collection
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.organizations.models import Organization, Role
from marketplace.organizations.permissions import ALLOWED, Action, check_can_manage_sign_on
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sealing import seal
from marketplace.sign_on.documents import SamlProvider, check_issuer
from marketplace.sign_on.models import MailDomain, SignOn, SignOnKind
from marketplace.sign_on.selectors import find_by_organization

NEWCOMER_ROLES = [role for role in Role if Action.MANAGE_MEMBERS not in ALLOWED[role]]
"""A provider makes nobody a manager: somebody here does, by name."""


def set_openid(
    *, scope: AccessibleOrganization, issuer: str, client_id: str, secret: str, newcomer_role: Role, now: datetime
) -> SignOn:
    """Signs on by OpenID Connect; an empty secret leaves the one before, of the same issuer and client.

    Asks the provider who it is, before anything is written. Raises PermissionDenied, InvalidInput, Unavailable.
    """
    check_can_manage_sign_on(scope)
    issuer = check_issuer(issuer)
    before = find_by_organization(scope.organization.pk)
    same = before is not None and (before.issuer, before.client_id) == (issuer, client_id)
    if not secret and not (same and before is not None and before.sealed_secret):
        raise InvalidInput("secret", "Write the secret that the provider gave for this client.")
    values = {
        "kind": SignOnKind.OPENID,
        "issuer": issuer,
        "client_id": client_id,
        "sealed_secret": seal(secret) if secret or before is None else before.sealed_secret,
        "address": "",
        "certificate": "",
    }
    return _set(scope, before, values, newcomer_role, now)


def set_saml(*, scope: AccessibleOrganization, provider: SamlProvider, newcomer_role: Role, now: datetime) -> SignOn:
    """Signs on by SAML, with what the provider's metadata say. Raises PermissionDenied, InvalidInput."""
    check_can_manage_sign_on(scope)
    values = {
        "kind": SignOnKind.SAML,
        "issuer": provider.entity_id,
        "client_id": "",
        "sealed_secret": "",
        "address": provider.address,
        "certificate": provider.certificate,
    }
    return _set(scope, find_by_organization(scope.organization.pk), values, newcomer_role, now)


@transaction.atomic
def remove_sign_on(*, scope: AccessibleOrganization) -> None:
    """Signs on no more. People keep their accounts, and set a password by mail. Raises PermissionDenied, NotFound."""
    check_can_manage_sign_on(scope)
    found = find_by_organization(scope.organization.pk)
    if found is None:
        raise NotFound(f"{scope.organization.slug} has no single sign-on.")
    _forget_identities(scope.organization)
    Organization.objects.filter(pk=scope.organization.pk).update(requires_sign_on=False)
    found.delete()
    _audit(scope, "sign_on.remove", found.issuer)


@transaction.atomic
def require_sign_on(*, scope: AccessibleOrganization, required: bool, signed_on: Collection[str]) -> None:
    """Says whether members with mail of its domains come in by it only.

    Who asks for it must have come in by it, which proves that it works. Raises PermissionDenied, Conflict.
    """
    check_can_manage_sign_on(scope)
    organization = scope.organization
    if required and str(organization.pk) not in signed_on:
        raise Conflict("Sign in by single sign-on yourself first: that proves that it works.")
    if required and not organization.mail_domains.filter(proven_at__isnull=False).exists():
        raise Conflict("Prove a mail domain first: only members with mail of it are asked.")
    changed = Organization.objects.filter(pk=organization.pk).exclude(requires_sign_on=required)
    if changed.update(requires_sign_on=required):
        _audit(scope, "sign_on.require" if required else "sign_on.excuse", organization.slug)


def erase_sign_on(organization: Organization) -> None:
    """With the organization, in its transaction: secret, bound identities, and domains, which others may prove then."""
    _forget_identities(organization)
    SignOn.objects.filter(organization=organization).delete()
    MailDomain.objects.filter(organization=organization).delete()


@transaction.atomic
def _set(
    scope: AccessibleOrganization, before: SignOn | None, values: dict[str, str], role: Role, now: datetime
) -> SignOn:
    if role not in NEWCOMER_ROLES:
        raise InvalidInput("newcomer_role", "Owners and admins are made by hand.")
    if before is not None and (before.kind, before.issuer) != (values["kind"], values["issuer"]):
        _forget_identities(scope.organization)
    values |= {"newcomer_role": role}
    made, _ = SignOn.objects.update_or_create(organization=scope.organization, defaults=values | {"updated_at": now})
    shown = {name: values[name] for name in ("kind", "client_id", "newcomer_role")}
    _audit(scope, "sign_on.set", values["issuer"], **shown)
    return made


def _forget_identities(organization: Organization) -> None:
    """Another provider's names for people are not this one's: the same name may be somebody else."""
    SocialAccount.objects.filter(provider=str(organization.pk)).delete()


def _audit(scope: AccessibleOrganization, action: str, subject: str, **details: object) -> None:
    record(
        actor=scope.user,
        organization_id=scope.organization.pk,
        action=action,
        subject_label=subject,
        subject_id=scope.organization.pk,
        details=details,
    )
