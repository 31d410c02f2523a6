"""What stands between a member and their organization beside the role: how they signed in.

Its own API keys are not asked: they are no sign-in, and have scopes, addresses and ends of their own.
"""

from collections.abc import Collection

from marketplace.accounts.selectors import has_second_factor
from marketplace.errors import PermissionDenied
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import can_skip_sign_on
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.selectors import is_of_its_mail


class NotLetIn(PermissionDenied):
    """They belong to it, and must first do something about how they sign in."""

    def __init__(self, organization: Organization, message: str) -> None:
        super().__init__(message)
        self.organization = organization


class TwoFactorRequired(NotLetIn):
    """Setting up a second factor lets them in."""


class SignOnRequired(NotLetIn):
    """Signing in by the organization's single sign-on lets them in."""


def check_let_in(scope: AccessibleOrganization, *, signed_on: Collection[str] = ()) -> None:
    """Raises TwoFactorRequired, SignOnRequired.

    `signed_on` are the ids of the organizations whose single sign-on this session came in by.
    """
    organization = scope.organization
    if organization.requires_two_factor and not has_second_factor(scope.user):
        raise TwoFactorRequired(
            organization, f"{organization.name} asks its members for two-factor sign-in: set it up for your account."
        )
    if organization.requires_sign_on and str(organization.pk) not in signed_on and _must_sign_on(scope):
        raise SignOnRequired(
            organization, f"{organization.name} asks members with its mail to come in by its single sign-on."
        )


def _must_sign_on(scope: AccessibleOrganization) -> bool:
    return not can_skip_sign_on(scope) and is_of_its_mail(scope.organization, scope.user)
