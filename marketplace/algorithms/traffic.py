"""Two versions against each other: who names neither gets the base or the candidate, each caller always the same."""

from django.db import transaction
from django.utils import timezone

from billing import api as billing
from billing.api import VersionMeasures
from marketplace.accounts.models import User
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm, TrafficSplit, Version
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import get_accessible_organization


def find_split(*, algorithm: Algorithm) -> TrafficSplit | None:
    """The split in force."""
    return TrafficSplit.objects.filter(algorithm=algorithm).select_related("base", "candidate").first()


def measure_split(split: TrafficSplit) -> tuple[VersionMeasures, VersionMeasures]:
    """What base and candidate did since the split began, in the calls of everybody, however they named the version."""
    measures = billing.measure_versions(
        author_id=split.algorithm.organization_id,
        version_ids=[split.base_id, split.candidate_id],
        since=split.started_at.replace(second=0, microsecond=0),
    )
    return measures[split.base_id], measures[split.candidate_id]


@transaction.atomic
def split_traffic(*, base: Version, candidate: Version, percent: int, by: User) -> TrafficSplit:
    """Gives `percent` of 100 callers the candidate and the others the base, until it is ended; in place of another.

    For callers for whose selector both would do. Versions that are published meanwhile wait until the end. Raises
    NotFound, PermissionDenied, InvalidInput, Conflict (one of them is withdrawn).
    """
    algorithm = _lock(base.algorithm, by)
    if candidate.algorithm_id != base.algorithm_id or candidate.pk == base.pk:
        raise InvalidInput("candidate", "Name two different versions of the algorithm.")
    if not 0 <= percent <= 100:
        raise InvalidInput("percent", "The percentage must be a whole number from 0 to 100.")
    if Version.objects.filter(pk__in=[base.pk, candidate.pk]).exclude(withdrawn_at=None).exists():
        raise Conflict("A version that is withdrawn gets no traffic.")
    current = TrafficSplit.objects.filter(algorithm=algorithm).first()
    same = current is not None and (current.base_id, current.candidate_id) == (base.pk, candidate.pk)
    started_at = current.started_at if current is not None and same else timezone.now()
    values = {"base": base, "candidate": candidate, "percent": percent, "started_at": started_at}
    split, _ = TrafficSplit.objects.update_or_create(algorithm=algorithm, defaults=values)
    _note(split, by, "traffic.split")
    return split


@transaction.atomic
def end_split(*, algorithm: Algorithm, by: User) -> None:
    """Gives everybody the newest version that fits again. Safe to repeat. Raises NotFound, PermissionDenied."""
    _lock(algorithm, by)
    split = find_split(algorithm=algorithm)
    if split is not None:
        _note(split, by, "traffic.unite")
        split.delete()


def _lock(algorithm: Algorithm, by: User) -> Algorithm:
    check_can_publish(get_accessible_organization(user=by, slug=algorithm.organization.slug))
    return lock_algorithm(algorithm.pk)


def _note(split: TrafficSplit, by: User, action: str) -> None:
    algorithm = split.algorithm
    record(
        actor=by,
        organization_id=algorithm.organization_id,
        action=action,
        subject_label=algorithm.full_name,
        subject_id=algorithm.pk,
        details={"base": split.base.number, "candidate": split.candidate.number, "percent": split.percent},
    )
    # Not robust: whoever does this must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_algorithms_now([algorithm.pk]))
