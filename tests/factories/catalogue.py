"""Algorithms, builds and versions."""

import io
import itertools
from typing import Any

from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.build_states import move_build
from marketplace.algorithms.models import Algorithm, Build, BuildState, Version
from marketplace.algorithms.pricing import AuthorPrice
from marketplace.algorithms.services import create_algorithm, publish_version, start_build
from marketplace.algorithms.version_numbers import Bump
from tests.factories.people import make_user, scope_of

_numbers = itertools.count(1)


def make_algorithm(
    name: str = "", *, by: User | None = None, owner: str = "", public: bool = True, **texts: Any
) -> Algorithm:
    """An algorithm of the organization `owner`, by default of the personal one of `by`; without a version."""
    scope = scope_of(by or make_user(), owner)
    texts.setdefault("environment", "python3")
    return create_algorithm(scope=scope, name=name or f"algorithm{next(_numbers)}", public=public, **texts)


def make_build(
    algorithm: Algorithm | None = None,
    *,
    by: User | None = None,
    state: BuildState = BuildState.SUCCEEDED,
    artifact: str = "",
    **settings: Any,
) -> Build:
    """A build in that state, of a source that no other build has. Its artifact is not in storage."""
    algorithm = algorithm or make_algorithm(by=by)
    settings.setdefault("environment", algorithm.environment)
    settings.setdefault("entry", f"src/{algorithm.name}.py")
    number = next(_numbers)
    build = start_build(
        algorithm=algorithm,
        source=io.BytesIO(f"source {number} of {algorithm.id}".encode()),
        settings=BuildSettings(**settings),
        by=by or _owner_of(algorithm),
    )
    if state != BuildState.QUEUED:
        _advance(build, state, artifact or f"{number:064x}")
    return build


def make_version(
    algorithm: Algorithm | None = None,
    *,
    by: User | None = None,
    bump: Bump = "minor",
    royalty_per_call: int = 0,
    release_notes: str = "",
    **build: Any,
) -> Version:
    """A published version. Further arguments are make_build's."""
    built = make_build(algorithm, by=by, **build)
    return publish_version(
        build=built,
        bump=bump,
        by=by or _owner_of(built.algorithm),
        price=AuthorPrice(royalty_per_call=royalty_per_call),
        release_notes=release_notes,
    )


def _owner_of(algorithm: Algorithm) -> User:
    return algorithm.organization.memberships.select_related("user").order_by("-role", "pk")[0].user


def _advance(build: Build, state: BuildState, artifact: str) -> None:
    now = timezone.now()
    move_build(build.id, origin=BuildState.QUEUED, target=BuildState.BUILDING, started_at=now)
    if state == BuildState.SUCCEEDED:
        move_build(build.id, origin=BuildState.BUILDING, target=state, finished_at=now, artifact=artifact)
    elif state == BuildState.FAILED:
        move_build(build.id, origin=BuildState.BUILDING, target=state, finished_at=now, error="It does not compile.")
    build.refresh_from_db()
