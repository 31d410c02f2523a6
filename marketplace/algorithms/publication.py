"""Tells the gateways about algorithms."""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, TextField, Value
from django.db.models.functions import Concat, Lower
from django.utils import timezone

from billing import api as billing
from billing.api import PriceSchedule, PriceTerms
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.version_numbers import VersionNumber
from marketplace.directory import publisher
from marketplace.directory.entries import AlgorithmEntry, PriceEntry, VersionEntry

FIELD = Lower(Concat("organization__slug", Value("/"), "name", output_field=TextField()))
"""What publisher.algorithm_field makes of a row."""
IDENTITY = ("pk", "organization__slug", "name", "organization_id", "public", "secrets_changed_at")
NUMBER = ("major", "minor", "revision")
SETTINGS = (
    "source_hash",
    "artifact",
    "environment",
    "entry",
    "timeout_seconds",
    "memory_bytes",
    "network",
    "calls_others",
)
"""The columns of a version that its entry has under the same names. Rows are read bare: 40,000 models take seconds."""


@transaction.atomic
def publish_algorithms_now(algorithm_ids: Collection[uuid.UUID]) -> None:
    """Makes the directory say of these algorithms what the database says. Safe to repeat. Raises redis.RedisError."""
    locked = Algorithm.objects.filter(pk__in=algorithm_ids).select_for_update(of=("self",)).order_by("pk")
    entries = {publisher.algorithm_field(entry.owner, entry.name): entry for entry in _to_entries(locked)}
    publisher.publish_algorithms({field: entry if entry.versions else None for field, entry in entries.items()})


@transaction.atomic
def publish_fields_now(fields: Collection[str]) -> None:
    """The same for the algorithms that these `owner/name`s in lower case name, or once named."""
    named = Algorithm.objects.annotate(field=FIELD).filter(field__in=fields)
    known = dict(named.values_list("field", "pk"))
    publisher.publish_algorithms(dict.fromkeys(set(fields) - known.keys()))
    publish_algorithms_now(known.values())


def collect_algorithm_entries() -> list[AlgorithmEntry]:
    """Every algorithm that can be called."""
    return [entry for entry in _to_entries(Algorithm.objects.all()) if entry.versions]


def _to_entries(algorithms: QuerySet[Algorithm]) -> list[AlgorithmEntry]:
    """In three queries, however many. The algorithms come first, so that the rest is read under their locks."""
    rows = list(algorithms.values_list(*IDENTITY))
    versions = _version_entries([pk for pk, *_ in rows])
    return [
        AlgorithmEntry(
            algorithm_id=str(pk),
            owner=owner,
            name=name,
            organization_id=str(organization_id),
            public=public,
            versions=tuple(versions.get(pk, ())),
            secrets=f"{pk}@{changed_at.isoformat()}" if changed_at else "",
        )
        for pk, owner, name, organization_id, public, changed_at in rows
    ]


def _version_entries(algorithm_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[VersionEntry]]:
    live = Version.objects.filter(algorithm__in=algorithm_ids, withdrawn_at=None)
    rows = live.order_by("published_at", "pk").values_list("algorithm_id", "pk", *NUMBER, *SETTINGS)
    versions = list(rows)
    schedules = billing.get_price_schedules([pk for _, pk, *_ in versions], timezone.now())
    entries: dict[uuid.UUID, list[VersionEntry]] = {}
    for algorithm_id, pk, *columns in versions:
        entries.setdefault(algorithm_id, []).append(_to_version_entry(pk, columns, schedules[pk]))
    return entries


def _to_version_entry(version_id: uuid.UUID, columns: list[Any], schedule: PriceSchedule) -> VersionEntry:
    number, settings = columns[: len(NUMBER)], columns[len(NUMBER) :]
    return VersionEntry(
        version_id=str(version_id),
        number=str(VersionNumber(*number)),
        price=_to_price_entry(schedule.now),
        later_prices=tuple(_to_price_entry(terms) for terms in schedule.later),
        **dict(zip(SETTINGS, settings, strict=True)),
    )


def _to_price_entry(terms: PriceTerms) -> PriceEntry:
    return PriceEntry(
        compute_per_second=terms.compute_per_second,
        royalty_per_call=terms.royalty_per_call,
        royalty_per_second=terms.royalty_per_second,
        free_calls_per_month=terms.free_calls_per_month,
        free_to_owner=terms.free_to_owner,
        effective_at=terms.effective_at.timestamp() if terms.effective_at else 0.0,
    )
