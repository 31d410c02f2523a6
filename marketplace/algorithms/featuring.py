"""What those who run the platform do with an algorithm: feature it, take it down, and back."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm, Feature
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.algorithms.selectors import published_algorithms
from marketplace.audit.services import record
from marketplace.errors import InvalidInput


def list_featured(*, now: datetime) -> QuerySet[Feature]:
    """Those whose time it is and that everybody can call, in their order."""
    features = Feature.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), starts_at__lte=now)
    return features.filter(algorithm__in=published_algorithms(viewer=None)).order_by("place", "starts_at")


@transaction.atomic
def save_feature(*, feature: Feature, by: User) -> None:
    """Begins to feature an algorithm, or changes how. Raises PermissionDenied, InvalidInput."""
    check_is_operator(by)
    if feature.ends_at and feature.ends_at <= feature.starts_at:
        raise InvalidInput("ends_at", "It must end after it starts.")
    feature.save()
    ends = feature.ends_at.isoformat() if feature.ends_at else ""
    _audit(by, feature.algorithm, "feature.set", why=feature.why, place=feature.place, ends_at=ends)


@transaction.atomic
def remove_feature(*, feature: Feature, by: User) -> None:
    """Features it no more. Raises PermissionDenied."""
    check_is_operator(by)
    _audit(by, feature.algorithm, "feature.remove")
    feature.delete()


@transaction.atomic
def take_down(*, algorithm: Algorithm, because: str, by: User) -> None:
    """Nobody finds or calls it within a second; its owner sees why. Again changes the reason.

    Raises PermissionDenied, InvalidInput.
    """
    check_is_operator(by)
    if not because.strip():
        raise InvalidInput("taken_down_because", "Say why: its owner reads it.")
    current = lock_algorithm(algorithm.pk)
    _set_taken_down(current, current.taken_down_at or timezone.now(), because.strip())
    _audit(by, current, "algorithm.take_down", because=current.taken_down_because)


@transaction.atomic
def restore(*, algorithm: Algorithm, by: User) -> None:
    """Everything is as it was before it was taken down. Safe to repeat. Raises PermissionDenied."""
    check_is_operator(by)
    current = lock_algorithm(algorithm.pk)
    if current.taken_down_at:
        _set_taken_down(current, None, "")
        _audit(by, current, "algorithm.restore")


def _set_taken_down(algorithm: Algorithm, at: datetime | None, because: str) -> None:
    algorithm.taken_down_at, algorithm.taken_down_because = at, because
    algorithm.save(update_fields=["taken_down_at", "taken_down_because"])
    # Not robust: whoever takes it down must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_algorithms_now([algorithm.pk]))


def _audit(by: User, algorithm: Algorithm, action: str, **details: object) -> None:
    record(
        actor=by,
        organization_id=algorithm.organization_id,
        action=action,
        subject_label=algorithm.full_name,
        subject_id=algorithm.pk,
        details=details,
    )
