"""Secrets of algorithms: written by those who may publish, read by the agent when it specialises a slot."""

import logging
import re
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm, AlgorithmSecret, OrganizationSecret
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.audit.services import record
from marketplace.errors import InvalidInput, NotFound
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.sealing import CannotUnseal, seal, seal_anew, unseal
from marketplace.texts import check_storable

logger = logging.getLogger(__name__)

MOST_SECRETS = 50
LARGEST_VALUE = 8_192
"""Characters."""
TAKEN = re.compile(r"(AGORA|ALGORITHMIA|LD)_.*|PATH|HOME", re.IGNORECASE)
"""Variables that the platform sets itself."""


@transaction.atomic
def set_secret(
    *, algorithm: Algorithm, variable: str, value: str, label: str, by: User, description: str = ""
) -> tuple[AlgorithmSecret, bool]:
    """Keeps the value for that variable, in place of the one before; answers whether there was none.

    Slots have it within a second of the commit. Raises NotFound, PermissionDenied, InvalidInput.
    """
    _lock(algorithm, by)
    now = timezone.now()
    secret = AlgorithmSecret.objects.filter(algorithm=algorithm, variable=variable).first()
    new = secret is None
    if secret is None:
        secret = AlgorithmSecret(algorithm=algorithm, variable=variable, created_at=now)
        if algorithm.secrets.count() >= MOST_SECRETS:
            raise InvalidInput("secret_key", f"An algorithm may have {MOST_SECRETS} secrets.")
    write_secret(secret, label=label, description=description, value=value)
    _note(algorithm, by, "secret.set", secret)
    return secret, new


@transaction.atomic
def edit_secret(
    *,
    secret: AlgorithmSecret,
    by: User,
    variable: str | None = None,
    value: str | None = None,
    label: str | None = None,
    description: str | None = None,
) -> AlgorithmSecret:
    """Changes it; None leaves a part as it is. Raises NotFound, PermissionDenied, InvalidInput."""
    _lock(secret.algorithm, by)
    secret = _find(AlgorithmSecret.objects.select_related("algorithm__organization"), secret.pk)  # as it is by now
    others = AlgorithmSecret.objects.filter(algorithm=secret.algorithm, variable=variable).exclude(pk=secret.pk)
    if others.exists():
        raise InvalidInput("secret_key", f"Another secret is called {variable}.")
    asked = {"variable": variable, "label": label, "description": description}
    write_secret(secret, value=value, **{name: text for name, text in asked.items() if text is not None})
    _note(secret.algorithm, by, "secret.set", secret)
    return secret


@transaction.atomic
def delete_secret(*, secret: AlgorithmSecret, by: User) -> None:
    """Takes it away from the slots. Raises NotFound, PermissionDenied."""
    _lock(secret.algorithm, by)
    secret_id = secret.pk
    secret.delete()
    secret.pk = secret_id
    _note(secret.algorithm, by, "secret.delete", secret)


def list_secrets(*, scope: AccessibleOrganization, algorithm: Algorithm) -> QuerySet[AlgorithmSecret]:
    """The algorithm's secrets by variable, without their values. Raises PermissionDenied."""
    check_can_publish(scope)
    secrets = AlgorithmSecret.objects.filter(algorithm=algorithm, algorithm__organization=scope.organization)
    return secrets.defer("sealed").select_related("algorithm__organization").order_by("variable")


def get_secret(*, scope: AccessibleOrganization, algorithm: Algorithm, secret_id: UUID) -> AlgorithmSecret:
    """One of them. Raises NotFound, PermissionDenied."""
    return _find(list_secrets(scope=scope, algorithm=algorithm), secret_id)


def has_shared_secrets(organization_id: UUID) -> bool:
    """Whether the organization has secrets for all its algorithms."""
    return OrganizationSecret.objects.filter(organization=organization_id).exists()


def read_secrets(name: str) -> dict[str, str]:
    """What slots find in their environment, by what AlgorithmEntry.secrets says. For the agent alone.

    Raises CannotUnseal.
    """
    algorithm_id, _, _ = name.partition("@")
    shared = OrganizationSecret.objects.filter(organization__algorithms=algorithm_id)
    own = AlgorithmSecret.objects.filter(algorithm_id=algorithm_id)
    rows = [*shared.values_list("variable", "sealed"), *own.values_list("variable", "sealed")]
    return {variable: unseal(sealed) for variable, sealed in dict(rows).items()}


def reseal_all() -> int:
    """Seals every secret with the newest key, but for those that no key opens; answers how many."""
    both: tuple[type[AlgorithmSecret | OrganizationSecret], ...] = (AlgorithmSecret, OrganizationSecret)
    return sum(_reseal(secret) for kind in both for secret in kind.objects.only("sealed").iterator())


def _reseal(secret: AlgorithmSecret | OrganizationSecret) -> bool:
    try:
        sealed = seal_anew(secret.sealed)
    except CannotUnseal:
        logger.exception("Secret %s could not be sealed anew", secret.pk)
        return False
    # Not if somebody has just written another value.
    type(secret).objects.filter(pk=secret.pk, sealed=secret.sealed).update(sealed=sealed)
    return True


def _find(secrets: QuerySet[AlgorithmSecret], secret_id: UUID) -> AlgorithmSecret:
    secret = secrets.filter(pk=secret_id).first()
    if secret is None:
        raise NotFound("There is no such secret.")
    return secret


def _lock(algorithm: Algorithm, by: User) -> None:
    check_can_publish(get_accessible_organization(user=by, slug=algorithm.organization.slug))
    lock_algorithm(algorithm.pk)


def write_secret(secret: AlgorithmSecret | OrganizationSecret, *, value: str | None, **texts: str) -> None:
    """Seals the value, if there is another, and saves. Raises InvalidInput."""
    for name, text in texts.items():
        check_storable(name, text)
        setattr(secret, name, text)
    if TAKEN.fullmatch(secret.variable):
        raise InvalidInput("secret_key", f"The platform sets {secret.variable} itself: choose another name.")
    if value is not None:
        if len(value) > LARGEST_VALUE or "\0" in value:
            raise InvalidInput("secret_value", f"A value has {LARGEST_VALUE} characters at most, none of them null.")
        check_storable("secret_value", value)
        secret.sealed = seal(value)
    secret.updated_at = timezone.now()
    try:
        secret.clean_fields(exclude={"algorithm", "organization"})
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInput(field, messages[0]) from None
    secret.save()


def _note(algorithm: Algorithm, by: User, action: str, secret: AlgorithmSecret) -> None:
    """Never the value: the audit is read by more people than the secret is meant for."""
    own = AlgorithmSecret.objects.filter(algorithm=algorithm).exists()
    changed_at = timezone.now() if own or has_shared_secrets(algorithm.organization_id) else None
    Algorithm.objects.filter(pk=algorithm.pk).update(secrets_changed_at=changed_at)
    record(
        actor=by,
        organization_id=algorithm.organization_id,
        action=action,
        subject_label=f"{secret.variable} of {algorithm.full_name}",
        subject_id=secret.pk,
    )
    # Not robust: whoever takes a secret away must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_algorithms_now([algorithm.id]))
