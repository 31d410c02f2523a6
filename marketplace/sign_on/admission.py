"""Whom an organization's identity provider lets in, and as which account.

The provider is believed about mail of the domains that its organization has proven, and about nothing else. An identity
is bound to an account that was there before only by a proof that both are one person: the account's own confirmed
address of such a domain, or the account's own sign-in. Accounts of those who run the platform always take the second.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.utils.crypto import get_random_string

from marketplace.accounts.models import RESERVED_WORDS, User
from marketplace.audit.services import record
from marketplace.errors import PermissionDenied
from marketplace.organizations.limits import tell_of_teams
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.selectors import is_slug_taken
from marketplace.organizations.services import open_personal_organization
from marketplace.sign_on.models import SignOn
from marketplace.sign_on.selectors import has_proven

LONGEST_NAME = 30


@dataclass(frozen=True)
class Identity:
    """What the provider says, once it is known that it was the provider."""

    uid: str
    email: str
    """Empty where it says none."""
    denied: bool = False
    """Whether it says itself that nobody confirmed the address."""
    first_name: str = ""
    last_name: str = ""


class Refused(PermissionDenied):
    """They are not let in; `connect` says that signing in to the account in question would help."""

    def __init__(self, message: str, *, connect: bool = False) -> None:
        super().__init__(message)
        self.connect = connect


def find_account(*, sign_on: SignOn, identity: Identity, bound: User | None, signed_in: User | None) -> User | None:
    """Whose account this identity is; None for a newcomer, who has none.

    `bound` has the identity already; `signed_in` asked from their own session to be bound to it. Raises Refused.
    """
    _check_mail(sign_on, identity)
    owner = bound or _find_owner(identity.email)
    if signed_in is not None and owner not in {None, signed_in}:
        raise Refused(f"{identity.email} belongs to another account here: sign out, and sign in again by sign-on.")
    if bound is not None or signed_in is not None:
        return bound or signed_in
    if owner is not None and owner.is_staff:
        raise Refused("Administrators of the platform sign in with their password, and then connect.", connect=True)
    if owner is None and (squatter := User.objects.filter(email__iexact=identity.email).first()):
        raise Refused(
            f"An account here, {squatter.username}, has the address {identity.email} and never confirmed it. If it is "
            "yours, sign in to it with its password, and connect; or reset its password by mail first.",
            connect=True,
        )
    return owner


@transaction.atomic
def bind(*, sign_on: SignOn, identity: Identity, user: User) -> SocialAccount:
    """From now on the identity signs in as `user`. Safe to repeat."""
    row, made = SocialAccount.objects.get_or_create(
        provider=str(sign_on.pk), uid=identity.uid, defaults={"user": user, "extra_data": {"email": identity.email}}
    )
    if made:
        _audit(sign_on, user, "sign_on.bind", identity)
    return row


@transaction.atomic
def make_newcomer(*, sign_on: SignOn, identity: Identity) -> User:
    """An account with a personal organization and no password, whose address is confirmed: its domain is proven."""
    user = User(
        username=_choose_name(identity.email),
        email=identity.email,
        first_name=identity.first_name[:150],
        last_name=identity.last_name[:150],
    )
    user.set_unusable_password()
    user.save(force_insert=True)
    EmailAddress.objects.create(user=user, email=identity.email.lower(), verified=True, primary=True)
    open_personal_organization(user=user)
    _audit(sign_on, user, "sign_on.make_account", identity)
    return user


@transaction.atomic
def admit(*, sign_on: SignOn, identity: Identity, user: User, now: datetime) -> None:
    """Makes them a member in the newcomers' role, unless they are one, and notes that they came in."""
    defaults = {"role": sign_on.newcomer_role, "created_at": now}
    _, joined = Membership.objects.get_or_create(organization=sign_on.organization, user=user, defaults=defaults)
    if joined:
        _audit(sign_on, user, "member.add", identity, role=sign_on.newcomer_role, through="single sign-on")
        tell_of_teams(sign_on.organization)
    _audit(sign_on, user, "sign_on.enter", identity)


@transaction.atomic
def note_refusal(*, sign_on: SignOn, identity: Identity, reason: str) -> None:
    """So that admins see in their audit log why somebody did not get in."""
    _audit(sign_on, None, "sign_on.refuse", identity, reason=reason)


def _check_mail(sign_on: SignOn, identity: Identity) -> None:
    organization: Organization = sign_on.organization
    if not identity.email:
        raise Refused(f"The provider of {organization.name} did not say your e-mail address: its admins must let it.")
    if identity.denied:
        raise Refused(f"The provider of {organization.name} says that nobody confirmed {identity.email}.")
    domain = identity.email.rpartition("@")[2]
    if not has_proven(organization, domain):
        raise Refused(f"{organization.name} has not proven that {domain} is its own: it lets in nobody with such mail.")


def _find_owner(email: str) -> User | None:
    confirmed = EmailAddress.objects.filter(email=email.lower(), verified=True).select_related("user").first()
    return confirmed.user if confirmed else None


def _choose_name(email: str) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", email.rpartition("@")[0].lower()).strip("_")[:LONGEST_NAME]
    if not base[:1].isalpha():
        base = f"user_{base}".rstrip("_")
    candidates = [base, *(f"{base}_{number}" for number in range(2, 10)), f"{base}_{get_random_string(6).lower()}"]
    return next(name for name in candidates if _is_free(name))


def _is_free(name: str) -> bool:
    if len(name) < 3 or name in RESERVED_WORDS:
        return False
    return not is_slug_taken(name) and not User.objects.filter(username__iexact=name).exists()


def _audit(sign_on: SignOn, by: User | None, action: str, identity: Identity, **details: object) -> None:
    record(
        actor=by,
        organization_id=sign_on.organization.pk,
        action=action,
        subject_label=by.username if by else identity.email,
        subject_id=by.pk if by else identity.uid,
        details={"email": identity.email, **details},
    )
