"""Tells the gateways about algorithms."""

import uuid
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery, TextField, Value, Window
from django.db.models.functions import Concat, Lower, RowNumber
from django.utils import timezone

from billing import api as billing
from billing.api import PriceSchedule, PriceTerms
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.models import (
    Algorithm,
    ArtifactSignature,
    Build,
    BuildState,
    EnvironmentStanding,
    EnvironmentStatus,
    TrafficSplit,
    Version,
)
from marketplace.algorithms.version_numbers import VersionNumber
from marketplace.batches import in_batches
from marketplace.directory import publisher
from marketplace.directory.entries import AlgorithmEntry, PriceEntry, SplitEntry, VersionEntry

FIELD = Lower(Concat("organization__slug", Value("/"), "name", output_field=TextField()))
"""What publisher.algorithm_field makes of a row."""
IDENTITY = ("pk", "organization__slug", "name", "organization_id", "public", "secrets_changed_at", "taken_down_at")
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
LIFE = ("rolled_back_at", "deprecated_at", "deprecation")
SIGNATURE = Subquery(ArtifactSignature.objects.filter(pk=OuterRef("artifact")).values("signature"))
PUBLISHED_AT_ONCE = 200
MOST_BUILDS = 5
"""How many builds that are no version can be called, the newest ones of each algorithm."""


@transaction.atomic
def publish_algorithms_now(algorithm_ids: Collection[uuid.UUID]) -> None:
    """Makes the directory say of these algorithms what the database says. Safe to repeat. Raises redis.RedisError."""
    locked = Algorithm.objects.filter(pk__in=algorithm_ids).select_for_update(of=("self",)).order_by("pk")
    entries = {publisher.algorithm_field(entry.owner, entry.name): entry for entry in _to_entries(locked)}
    publisher.publish_algorithms({field: entry if _can_be_called(entry) else None for field, entry in entries.items()})


def publish_many_now(algorithm_ids: Iterable[uuid.UUID]) -> None:
    """The same for very many: some at a time, so that no lock is held for long."""
    for some in in_batches(sorted(algorithm_ids), PUBLISHED_AT_ONCE):
        publish_algorithms_now(some)


@transaction.atomic
def publish_fields_now(fields: Collection[str]) -> None:
    """The same for the algorithms that these `owner/name`s in lower case name, or once named."""
    named = Algorithm.objects.annotate(field=FIELD).filter(field__in=fields)
    known = dict(named.values_list("field", "pk"))
    publisher.publish_algorithms(dict.fromkeys(set(fields) - known.keys()))
    publish_algorithms_now(known.values())


def collect_algorithm_entries() -> list[AlgorithmEntry]:
    """Every algorithm that can be called."""
    return [entry for entry in _to_entries(Algorithm.objects.all()) if _can_be_called(entry)]


def _to_entries(algorithms: QuerySet[Algorithm]) -> list[AlgorithmEntry]:
    """In seven queries, however many. The algorithms come first, so that the rest is read under their locks."""
    rows = list(algorithms.values_list(*IDENTITY))
    algorithm_ids = [pk for pk, *_ in rows]
    versions, builds, splits = _version_entries(algorithm_ids), _build_entries(algorithm_ids), _splits(algorithm_ids)
    teams = _teams(algorithm_ids)
    return [
        AlgorithmEntry(
            algorithm_id=str(pk),
            owner=owner,
            name=name,
            organization_id=str(organization_id),
            public=public,
            versions=() if taken_down_at else tuple(versions.get(pk, ())),
            builds=() if taken_down_at else tuple(builds.get(pk, ())),
            split=splits.get(pk),
            teams=tuple(teams.get(pk, ())) if not public else (),
            secrets=f"{pk}@{changed_at.isoformat()}" if changed_at else "",
        )
        for pk, owner, name, organization_id, public, changed_at, taken_down_at in rows
    ]


def _version_entries(algorithm_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[VersionEntry]]:
    live = Version.objects.filter(algorithm__in=algorithm_ids, withdrawn_at=None)
    rows = live.order_by("published_at", "pk").annotate(signature=SIGNATURE)
    rows = rows.values_list("algorithm_id", "pk", *NUMBER, "signature", *LIFE, *SETTINGS)
    versions, ends = list(rows), _ends()
    schedules = billing.get_price_schedules([pk for _, pk, *_ in versions], timezone.now())
    entries: dict[uuid.UUID, list[VersionEntry]] = {}
    for algorithm_id, pk, *columns in versions:
        entries.setdefault(algorithm_id, []).append(_to_version_entry(pk, columns, schedules[pk], ends))
    return entries


def _to_version_entry(
    version_id: uuid.UUID, columns: list[Any], schedule: PriceSchedule, ends: dict[str, tuple[float, str]]
) -> VersionEntry:
    number, (signature, *life), settings = columns[:3], columns[3:7], columns[7:]
    rolled_back_at, deprecated_at, deprecation = life
    ends_at, ending = ends.get(settings[SETTINGS.index("environment")], (0.0, ""))
    return VersionEntry(
        version_id=str(version_id),
        number=str(VersionNumber(*number)),
        price=_to_price_entry(schedule.now),
        later_prices=tuple(_to_price_entry(terms) for terms in schedule.later),
        signature=signature or "",
        rolled_back=rolled_back_at is not None,
        deprecation=deprecation,
        ends_at=ends_at,
        ending=ending,
        deprecated_at=deprecated_at.timestamp() if deprecated_at else 0.0,
        **dict(zip(SETTINGS, settings, strict=True)),
    )


def _build_entries(algorithm_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[VersionEntry]]:
    place = Window(RowNumber(), partition_by=F("algorithm_id"), order_by=F("finished_at").desc())
    built = Build.objects.filter(algorithm__in=algorithm_ids, state=BuildState.SUCCEEDED, version=None)
    newest = (
        built.annotate(place=place, signature=SIGNATURE)
        .filter(place__lte=MOST_BUILDS)
        .order_by("algorithm_id", "place")
    )
    entries: dict[uuid.UUID, list[VersionEntry]] = {}
    columns = ("pk", "source_hash", "artifact", "signature", "settings")
    for algorithm_id, *row in newest.values_list("algorithm_id", *columns):
        entries.setdefault(algorithm_id, []).append(_to_build_entry(*row))
    return entries


def _to_build_entry(
    build_id: uuid.UUID, source_hash: str, artifact: str, signature: str | None, settings: dict[str, Any]
) -> VersionEntry:
    """At the price of computing alone: what it will cost others is said when it is published."""
    kept = msgspec.convert(settings, BuildSettings)
    compute = billing.default_compute_per_second(kept.environment)
    return VersionEntry(
        version_id=str(build_id),
        number=f"build-{source_hash[:10]}",
        source_hash=source_hash,
        artifact=artifact,
        signature=signature or "",
        price=PriceEntry(compute_per_second=compute, royalty_per_call=0),
        **{name: getattr(kept, name) for name in SETTINGS[2:]},
    )


def _ends() -> dict[str, tuple[float, str]]:
    """When versions stop whose environment has retired, and what their callers are told."""
    ending = EnvironmentStanding.objects.filter(status=EnvironmentStatus.RETIRED).exclude(ends_at=None)
    return {row.environment: (row.ends_at.timestamp(), row.sentence) for row in ending if row.ends_at}


def _splits(algorithm_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, SplitEntry]:
    splits = TrafficSplit.objects.filter(algorithm__in=algorithm_ids)
    rows = splits.values_list("algorithm_id", "base_id", "candidate_id", "percent")
    return {pk: SplitEntry(str(base), str(candidate), percent) for pk, base, candidate, percent in rows}


def _teams(algorithm_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[str]]:
    limits = Algorithm.teams.through.objects.filter(algorithm__in=algorithm_ids).order_by("team_id")
    teams: dict[uuid.UUID, list[str]] = {}
    for algorithm_id, team_id in limits.values_list("algorithm_id", "team_id"):
        teams.setdefault(algorithm_id, []).append(str(team_id))
    return teams


def _can_be_called(entry: AlgorithmEntry) -> bool:
    return bool(entry.versions or entry.builds)


def _to_price_entry(terms: PriceTerms) -> PriceEntry:
    return PriceEntry(
        compute_per_second=terms.compute_per_second,
        royalty_per_call=terms.royalty_per_call,
        royalty_per_second=terms.royalty_per_second,
        free_calls_per_month=terms.free_calls_per_month,
        free_to_owner=terms.free_to_owner,
        effective_at=terms.effective_at.timestamp() if terms.effective_at else 0.0,
    )
