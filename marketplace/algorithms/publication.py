"""Tells the gateways about algorithms."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from billing import api as billing
from marketplace.algorithms.models import Algorithm, Version
from marketplace.directory import publisher
from marketplace.directory.entries import AlgorithmEntry, PriceEntry, VersionEntry


@transaction.atomic
def publish_algorithm_now(algorithm_id: uuid.UUID) -> None:
    """Makes the directory say of this algorithm what the database says. Safe to repeat. Raises redis.RedisError."""
    algorithms = Algorithm.objects.select_for_update(of=("self",)).select_related("organization")
    algorithm = algorithms.get(pk=algorithm_id)
    versions = Version.objects.filter(algorithm=algorithm, withdrawn_at=None)
    entry = _to_entry(algorithm, versions.order_by("published_at"), timezone.now())
    if entry.versions:
        publisher.publish_algorithm(entry)
    else:
        publisher.remove_algorithm(owner=entry.owner, name=entry.name)


def publish_field_now(field: str) -> None:
    """The same for the algorithm that `owner/name` names, or once named."""
    owner, _, name = field.partition("/")
    algorithm = Algorithm.objects.filter(organization__slug__iexact=owner, name__iexact=name).first()
    if algorithm:
        publish_algorithm_now(algorithm.id)
    else:
        publisher.remove_algorithm(owner=owner, name=name)


def collect_algorithm_entries() -> list[AlgorithmEntry]:
    """Every algorithm that can be called."""
    by_algorithm: dict[uuid.UUID, list[Version]] = {}
    for version in Version.objects.filter(withdrawn_at=None).order_by("published_at"):
        by_algorithm.setdefault(version.algorithm_id, []).append(version)
    algorithms = Algorithm.objects.filter(pk__in=by_algorithm).select_related("organization")
    now = timezone.now()
    return [_to_entry(algorithm, by_algorithm[algorithm.id], now) for algorithm in algorithms]


def _to_entry(algorithm: Algorithm, versions: Iterable[Version], now: datetime) -> AlgorithmEntry:
    return AlgorithmEntry(
        algorithm_id=str(algorithm.id),
        owner=algorithm.organization.slug,
        name=algorithm.name,
        organization_id=str(algorithm.organization_id),
        public=algorithm.public,
        versions=tuple(_to_version_entry(version, now) for version in versions),
    )


def _to_version_entry(version: Version, now: datetime) -> VersionEntry:
    terms = billing.get_price(version_id=version.id, at=now)
    return VersionEntry(
        version_id=str(version.id),
        number=version.number,
        source_hash=version.source_hash,
        artifact=version.artifact,
        environment=version.environment,
        entry=version.entry,
        timeout_seconds=version.timeout_seconds,
        memory_bytes=version.memory_bytes,
        network=version.network,
        calls_others=version.calls_others,
        price=PriceEntry(compute_per_second=terms.compute_per_second, royalty_per_call=terms.royalty_per_call),
    )
