"""Who still gets a published version: deprecated, rolled back, or taken up again. What it does never changes."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import TrafficSplit, Version
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.algorithms.version_numbers import VersionNumber
from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import get_accessible_organization
from marketplace.texts import check_storable

LONGEST_DEPRECATION = 500


@transaction.atomic
def deprecate_version(*, version: Version, text: str, by: User) -> Version:
    """Has the callers of the version told, with each answer, that they should leave it, and why.

    Raises NotFound, PermissionDenied, InvalidInput, Conflict (it is withdrawn).
    """
    current = _lock(version, by)
    text = text.strip()
    check_storable("deprecation", text)
    if not 0 < len(text) <= LONGEST_DEPRECATION:
        raise InvalidInput("deprecation", f"Say what to use instead, in {LONGEST_DEPRECATION} characters at most.")
    moment = current.deprecated_at or timezone.now()
    return _change(current, by, "version.deprecate", {"deprecation": text}, deprecated_at=moment, deprecation=text)


@transaction.atomic
def end_deprecation(*, version: Version, by: User) -> Version:
    """Takes the deprecation back. Raises NotFound, PermissionDenied, Conflict (it is withdrawn)."""
    current = _lock(version, by)
    if current.deprecated_at is None:
        return current
    return _change(current, by, "version.recommend", {}, deprecated_at=None, deprecation="")


@transaction.atomic
def make_latest(*, version: Version, by: User) -> Version:
    """Gives callers who do not name a version this one, within a second: newer ones are rolled back, no older one is.

    `1.2` and `1` mean it too, where it fits them. Ends a split of the traffic. Safe to repeat. Raises NotFound,
    PermissionDenied, Conflict (it is withdrawn).
    """
    current = _lock(version, by)
    TrafficSplit.objects.filter(algorithm=current.algorithm_id).delete()
    versions = Version.objects.filter(algorithm=current.algorithm_id, withdrawn_at=None)
    newer = [row for row in versions if _is_newer(row, current)]
    back = [row.pk for row in newer if row.rolled_back_at is None]
    versions.filter(pk__in=back).update(rolled_back_at=timezone.now())
    versions.exclude(pk__in=[row.pk for row in newer]).update(rolled_back_at=None)
    return _change(current, by, "version.make_latest", {"rolled_back": sorted(row.number for row in newer)})


def _is_newer(version: Version, other: Version) -> bool:
    return VersionNumber.parse(version.number) > VersionNumber.parse(other.number)


def _lock(version: Version, by: User) -> Version:
    check_can_publish(get_accessible_organization(user=by, slug=version.algorithm.organization.slug))
    lock_algorithm(version.algorithm_id)
    current = Version.objects.select_related("algorithm__organization").get(pk=version.pk)
    if current.withdrawn_at is not None:
        raise Conflict(f"Version {current.number} is withdrawn: nobody can call it.")
    return current


def _change(version: Version, by: User, action: str, details: dict[str, Any], **columns: Any) -> Version:
    if columns:
        Version.objects.filter(pk=version.pk).update(**columns)
    record(
        actor=by,
        organization_id=version.algorithm.organization_id,
        action=action,
        subject_label=str(version),
        subject_id=version.pk,
        details=details,
    )
    # Not robust: whoever does this must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_algorithms_now([version.algorithm_id]))
    version.refresh_from_db(fields=["deprecated_at", "deprecation", "rolled_back_at"])
    return version
