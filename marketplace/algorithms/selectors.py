"""Reads of the catalogue. A viewer sees what is public and what their organizations own; the rest is not there."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet
from django.db.models.lookups import IsNull

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Build, BuildState, Version
from marketplace.algorithms.version_numbers import resolve_version
from marketplace.errors import Conflict, NotFound
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.permissions import TEAM_MANAGERS, can_manage_teams
from marketplace.organizations.selectors import AccessibleOrganization

Viewer = User | AnonymousUser | AccessibleOrganization | None
"""Who looks: a person (all their organizations), one organization (an API key's), or nobody."""


NEWEST_FIRST = (IsNull(F("rolled_back_at"), False), "-major", "-minor", "-revision")


def map_versions() -> dict[UUID, UUID]:
    """Which algorithm each version is one of, by their ids."""
    return dict(Version.objects.values_list("pk", "algorithm_id"))


def visible_algorithms(*, viewer: Viewer) -> QuerySet[Algorithm]:
    """Public algorithms, and all those of the viewer's organizations; unpublished ones too."""
    algorithms = Algorithm.objects.select_related("organization").defer("readme", "search", "trigrams")
    return algorithms.filter(Q(public=True, taken_down_at=None) | _owned_by(viewer))


def published_algorithms(*, viewer: Viewer) -> QuerySet[Algorithm]:
    """Those visible algorithms that can be called: not taken down, with a version that was not withdrawn."""
    live = Version.objects.filter(algorithm=OuterRef("pk"), withdrawn_at=None)
    return visible_algorithms(viewer=viewer).filter(Exists(live), taken_down_at=None)


def get_visible_algorithm(*, viewer: Viewer, owner: str, name: str) -> Algorithm:
    """`owner/name`, in any case. Raises NotFound, for strangers to a private one too.

    A public algorithm without a version is its organization's only.
    """
    candidates = Algorithm.objects.select_related("organization").defer("search", "trigrams")
    algorithm = candidates.filter(organization__slug__iexact=owner, name__iexact=name).first()
    if algorithm is None or not _can_see(viewer, algorithm):
        raise NotFound(f"There is no algorithm {owner}/{name}.")
    return algorithm


def list_owned_algorithms(*, scope: AccessibleOrganization) -> QuerySet[Algorithm]:
    """Everything that the organization owns, latest change first."""
    algorithms = Algorithm.objects.filter(_owned_by(scope)).select_related("organization")
    return algorithms.defer("readme", "search", "trigrams").order_by("-updated_at")


def get_owned_algorithm(*, scope: AccessibleOrganization, name: str) -> Algorithm:
    """An algorithm of the organization, by its name in any case. Raises NotFound."""
    algorithms = Algorithm.objects.filter(_owned_by(scope)).select_related("organization")
    algorithm = algorithms.defer("search", "trigrams").filter(name__iexact=name).first()
    if algorithm is None:
        raise NotFound(f"There is no algorithm {scope.organization.slug}/{name}.")
    return algorithm


def get_visible_owner(*, viewer: Viewer, slug: str) -> Organization:
    """An organization that published something for everybody, or that the viewer belongs to. Raises NotFound."""
    organizations = Organization.objects.filter(slug__iexact=slug)
    published = published_algorithms(viewer=None).filter(organization=OuterRef("pk"))
    belongs = organizations.filter(_is_member(viewer)).values("pk")
    organization = organizations.filter(Q(Exists(published)) | Q(pk__in=belongs)).first()
    if organization is None:
        raise NotFound(f"There is no owner {slug}.")
    return organization


def list_public_algorithms_of(*, organization: Organization) -> QuerySet[Algorithm]:
    """What everybody may see of an owner, by name."""
    return published_algorithms(viewer=None).filter(organization=organization).order_by("name")


def get_called_algorithm(*, full_name: str) -> Algorithm:
    """The algorithm `owner/name` that a right to call was given to. Raises NotFound when it is no more."""
    owner, _, name = full_name.partition("/")
    found = Algorithm.objects.filter(organization__slug=owner, name=name).select_related("organization").first()
    if found is None:
        raise NotFound(f"There is no algorithm {full_name} any more.")
    return found


def find_algorithm_name(algorithm_id: UUID) -> tuple[str, str] | None:
    """Owner and name of an algorithm, whoever may see it; None if there is none with that id."""
    return Algorithm.objects.filter(pk=algorithm_id).values_list("organization__slug", "name").first()


def list_algorithms_of(*, viewer: Viewer, owner: str) -> QuerySet[Algorithm]:
    """What the viewer may see of that owner, by name: what is published, and all that is the viewer's own."""
    mine = Algorithm.objects.filter(_owned_by(viewer))
    found = published_algorithms(viewer=None) | visible_algorithms(viewer=viewer).filter(pk__in=mine.values("pk"))
    return found.filter(organization__slug__iexact=owner).order_by("name")


def list_versions(*, algorithm: Algorithm, withdrawn: bool = False) -> list[Version]:
    """The algorithm's versions, newest number first, after them those rolled back: so the first one is the latest.

    Those withdrawn only when asked for.
    """
    versions = Version.objects.filter(algorithm=algorithm).select_related("algorithm__organization", "build")
    versions = versions.defer("build__log")
    if not withdrawn:
        versions = versions.filter(withdrawn_at=None)
    return list(versions.order_by(*NEWEST_FIRST))


def get_version(*, algorithm: Algorithm, selector: str | None = None) -> Version:
    """The version that `selector` names (version_numbers.resolve_version). Raises NotFound."""
    version = resolve_version(list_versions(algorithm=algorithm), selector)
    if version is None:
        raise NotFound(f"There is no version {selector or 'yet'} of {algorithm.full_name}.")
    return version


def list_latest_versions(*, algorithms: Collection[Algorithm]) -> dict[UUID, Version]:
    """The newest version of each, in one query, by the algorithm's id; one that has none is left out.

    Without what is long: samples, their results and schemas.
    """
    versions = Version.objects.filter(algorithm__in=algorithms, withdrawn_at=None)
    versions = versions.defer("samples", "sample_results", "input_schema", "output_schema")
    newest = versions.order_by("algorithm_id", *NEWEST_FIRST).distinct("algorithm_id")
    return {version.algorithm_id: version for version in newest}


def find_latest_version(*, algorithm: Algorithm) -> Version | None:
    """The newest one, as list_latest_versions has it."""
    return list_latest_versions(algorithms=[algorithm]).get(algorithm.id)


def list_numbers(*, algorithms: Collection[UUID]) -> dict[UUID, list[str]]:
    """The numbers of the versions of each that can be called, newest first, in one query, by the algorithm's id."""
    numbers: dict[UUID, list[str]] = {}
    for version in Version.objects.filter(algorithm__in=algorithms, withdrawn_at=None).order_by(*NEWEST_FIRST):
        numbers.setdefault(version.algorithm_id, []).append(version.number)
    return numbers


def list_builds(*, scope: AccessibleOrganization, algorithm: Algorithm) -> QuerySet[Build]:
    """The algorithm's builds, newest first, without their logs."""
    builds = Build.objects.filter(algorithm=algorithm, algorithm__organization=scope.organization)
    return builds.select_related("created_by", "version").defer("log").order_by("-created_at")


def list_unpublished_builds(*, scope: AccessibleOrganization, algorithm: Algorithm) -> QuerySet[Build]:
    """The builds that could be published, newest first."""
    return list_builds(scope=scope, algorithm=algorithm).filter(state=BuildState.SUCCEEDED, version=None)


def get_newest_build(*, scope: AccessibleOrganization, algorithm: Algorithm) -> Build:
    """The build of the newest source, with its log. Raises Conflict when nothing was uploaded yet."""
    builds = Build.objects.filter(algorithm=algorithm, algorithm__organization=scope.organization)
    build = builds.select_related("algorithm__organization", "version").order_by("-created_at").first()
    if build is None:
        raise Conflict(f"{algorithm.full_name} has no source yet: upload one with `agora publish`, or to its builds.")
    return build


def list_latest_builds(*, scope: AccessibleOrganization, algorithms: Collection[Algorithm]) -> dict[UUID, Build]:
    """The newest build of each, in one query and without its log, by the algorithm's id; some have none."""
    builds = Build.objects.filter(algorithm__in=algorithms, algorithm__organization=scope.organization).defer("log")
    newest = builds.order_by("algorithm_id", "-created_at").distinct("algorithm_id")
    return {build.algorithm_id: build for build in newest}


def get_build(*, scope: AccessibleOrganization, build_id: object) -> Build:
    """A build of the organization, with its log. Raises NotFound."""
    builds = Build.objects.filter(pk=build_id, algorithm__in=list_owned_algorithms(scope=scope))
    build = builds.select_related("algorithm__organization", "version").first()
    if build is None:
        raise NotFound("There is no such build.")
    return build


def find_succeeded_build(*, algorithm: Algorithm, source_hash: str) -> Build | None:
    """The latest successful build of this source."""
    builds = Build.objects.filter(algorithm=algorithm, source_hash=source_hash, state=BuildState.SUCCEEDED)
    return builds.select_related("algorithm__organization", "version").order_by("-created_at").first()


def list_tags(*, viewer: Viewer = None) -> list[str]:
    """The tags of the published algorithms that the viewer sees, by name."""
    rows = published_algorithms(viewer=viewer).values_list("tags", flat=True)
    return sorted({tag for tags in rows for tag in tags})


def count_tags(*, viewer: Viewer = None, limit: int) -> list[tuple[str, int]]:
    """The most used tags of the published algorithms that the viewer sees, each with how many carry it."""
    tag = Func(F("tags"), function="unnest", output_field=CharField(), set_returning=True)
    rows = published_algorithms(viewer=viewer).order_by().annotate(tag=tag).values("tag")
    counted = rows.annotate(algorithms=Count("pk")).order_by("-algorithms", "tag")
    return [(row["tag"], row["algorithms"]) for row in counted[:limit]]


def _owned_by(viewer: Viewer) -> Q:
    if isinstance(viewer, AccessibleOrganization):
        return Q(organization=viewer.organization) & reached_by(viewer)
    if isinstance(viewer, User):
        mine = Membership.objects.filter(user=viewer).values("organization")
        managed = mine.filter(role__in=TEAM_MANAGERS)
        return Q(organization__in=managed) | Q(organization__in=mine) & _limited_to(team__members__user=viewer)
    return Q(pk=None)


def reached_by(scope: AccessibleOrganization) -> Q:
    """Of the organization's algorithms, those that its member or key may use: see organizations/teams.py."""
    if scope.team_id is not None:
        return _limited_to(team=scope.team_id)
    return Q() if can_manage_teams(scope) else _limited_to(team__members__user=scope.user)


def _limited_to(**teams: Any) -> Q:
    """Public, limited to no team, or to one of these."""
    limits = Algorithm.teams.through.objects.filter(algorithm=OuterRef("pk"))
    return Q(public=True) | ~Q(Exists(limits)) | Q(Exists(limits.filter(**teams)))


def _is_member(viewer: Viewer) -> Q:
    if isinstance(viewer, AccessibleOrganization):
        return Q(pk=viewer.organization.pk)
    return Q(memberships__user=viewer) if isinstance(viewer, User) else Q(pk=None)


def _can_see(viewer: Viewer, algorithm: Algorithm) -> bool:
    if algorithm.public and not algorithm.taken_down_at and Version.objects.filter(algorithm=algorithm).exists():
        return True
    return Algorithm.objects.filter(_owned_by(viewer), pk=algorithm.pk).exists()
