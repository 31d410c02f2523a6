"""Rights to call for the console of an algorithm's page."""

import time
from dataclasses import dataclass

from django.conf import settings

from marketplace.directory.tokens import CallToken, sign_token
from marketplace.organizations.selectors import AccessibleOrganization

LIFETIME_SECONDS = 300


@dataclass(frozen=True)
class ConsoleToken:
    """`text` goes into an Authorization header until `expires`, in seconds since the epoch."""

    text: str
    expires: int


def make_console_token(scope: AccessibleOrganization) -> ConsoleToken:
    """For calls in the name of the scope's person, which its organization pays."""
    expires = int(time.time()) + LIFETIME_SECONDS
    token = CallToken(organization_id=str(scope.organization.id), user_id=scope.user.pk, expires=expires)
    return ConsoleToken(sign_token(token, secret=settings.SECRET_KEY), expires)


def choose_payer(payers: list[AccessibleOrganization], slug: str) -> AccessibleOrganization | None:
    """The one that is asked for, else the first: the person's own; None when there is none."""
    named = [scope for scope in payers if scope.organization.slug == slug]
    return next(iter(named if slug else payers), None)
