"""Reads of single sign-on."""

from django.db.models import QuerySet

from marketplace.accounts.models import User
from marketplace.accounts.selectors import list_confirmed_domains
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import check_can_manage_sign_on
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.models import MailDomain, SignOn


def get_sign_on(*, scope: AccessibleOrganization) -> SignOn | None:
    """The organization's, if it has one. Raises PermissionDenied."""
    check_can_manage_sign_on(scope)
    return find_by_organization(scope.organization.pk)


def list_domains(*, scope: AccessibleOrganization) -> QuerySet[MailDomain]:
    """Those that it names, proven or not. Raises PermissionDenied."""
    check_can_manage_sign_on(scope)
    return MailDomain.objects.filter(organization=scope.organization).order_by("name")


def find_sign_on(*, name_or_email: str) -> SignOn | None:
    """Where somebody signs in: by the organization's name in any case, or by the domain of their mail."""
    text = name_or_email.strip()
    rows = _open_ones()
    if "@" in text:
        domain = text.rpartition("@")[2].lower()
        proven = MailDomain.objects.filter(name=domain, proven_at__isnull=False)
        return rows.filter(organization__in=proven.values("organization")).first()
    return rows.filter(organization__slug__iexact=text).first()


def find_by_organization(organization_id: object) -> SignOn | None:
    """The organization's, if it has one and is open."""
    return _open_ones().filter(pk=organization_id).first()


def has_proven(organization: Organization, domain: str) -> bool:
    """Whether mail of this domain is the organization's."""
    return organization.mail_domains.filter(name=domain.lower(), proven_at__isnull=False).exists()


def is_of_its_mail(organization: Organization, user: User) -> bool:
    """Whether an address that they confirmed is of a domain that the organization proved."""
    domains = list_confirmed_domains(user)
    return organization.mail_domains.filter(name__in=domains, proven_at__isnull=False).exists()


def _open_ones() -> QuerySet[SignOn]:
    return SignOn.objects.filter(organization__closed_at=None).select_related("organization")
