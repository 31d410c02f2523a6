"""Secrets of organizations: in the slots of all their algorithms, but where the algorithm has one of the same name."""

from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, AlgorithmSecret, OrganizationSecret
from marketplace.algorithms.publication import publish_many_now
from marketplace.algorithms.secrets import MOST_SECRETS, write_secret
from marketplace.audit.services import record
from marketplace.errors import InvalidInput, NotFound
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization


@transaction.atomic
def set_organization_secret(
    *, scope: AccessibleOrganization, variable: str, value: str, label: str, description: str = ""
) -> tuple[OrganizationSecret, bool]:
    """Keeps the value for that variable, in place of the one before; answers whether there was none.

    Slots have it within seconds of the commit. Raises PermissionDenied, InvalidInput.
    """
    organization = _lock(scope)
    secret = OrganizationSecret.objects.filter(organization=organization, variable=variable).first()
    new = secret is None
    if secret is None:
        if OrganizationSecret.objects.filter(organization=organization).count() >= MOST_SECRETS:
            raise InvalidInput("secret_key", f"An organization may have {MOST_SECRETS} secrets.")
        secret = OrganizationSecret(organization=organization, variable=variable, created_at=timezone.now())
    write_secret(secret, label=label, description=description, value=value)
    _note(organization, scope.user, "secret.set", secret)
    return secret, new


@transaction.atomic
def delete_organization_secret(*, scope: AccessibleOrganization, secret_id: UUID) -> None:
    """Takes it away from the slots. Raises NotFound, PermissionDenied."""
    organization = _lock(scope)
    secret = OrganizationSecret.objects.filter(organization=organization, pk=secret_id).first()
    if secret is None:
        raise NotFound("There is no such secret.")
    secret.delete()
    secret.pk = secret_id
    _note(organization, scope.user, "secret.delete", secret)


def list_organization_secrets(*, scope: AccessibleOrganization) -> QuerySet[OrganizationSecret]:
    """The organization's secrets by variable, without their values. Raises PermissionDenied."""
    check_can_publish(scope)
    secrets = OrganizationSecret.objects.filter(organization=scope.organization)
    return secrets.defer("sealed").order_by("variable")


def _lock(scope: AccessibleOrganization) -> Organization:
    check_can_publish(scope)
    return Organization.objects.select_for_update().get(pk=scope.organization.pk)


def _note(organization: Organization, by: User, action: str, secret: OrganizationSecret) -> None:
    """Never the value. Every algorithm's secrets have changed, so that slots that know the old ones are given back."""
    algorithms = Algorithm.objects.filter(organization=organization)
    if not OrganizationSecret.objects.filter(organization=organization).exists():
        own = Exists(AlgorithmSecret.objects.filter(algorithm=OuterRef("pk")))
        algorithms.filter(~own).update(secrets_changed_at=None)
        algorithms.filter(own).update(secrets_changed_at=timezone.now())
    else:
        algorithms.update(secrets_changed_at=timezone.now())
    record(
        actor=by,
        organization_id=organization.pk,
        action=action,
        subject_label=f"{secret.variable} of {organization.slug}",
        subject_id=secret.pk,
    )
    algorithm_ids = list(algorithms.values_list("pk", flat=True))
    # Not robust: whoever takes a secret away must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_many_now(algorithm_ids))
