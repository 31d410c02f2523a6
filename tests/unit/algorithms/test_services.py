"""Creating, building and publishing algorithms."""

import io
from typing import Any

import pytest
from django.core.files.storage import default_storage

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.models import Build, BuildState, Version
from marketplace.algorithms.services import (
    create_algorithm,
    publish_version,
    start_build,
    update_algorithm,
    withdraw_version,
)
from marketplace.algorithms.version_numbers import BUMPS
from marketplace.errors import Conflict, InvalidInput, NotFound, PermissionDenied
from marketplace.organizations.models import Organization
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.factories.people import scope_of


def test_a_member_creates_an_algorithm_for_the_team(bob: User, team: Organization) -> None:
    algorithm = create_algorithm(
        scope=scope_of(bob, "team"), name="Echo", environment="python3", tags=[" Text ", "text", "fun"]
    )
    assert (algorithm.full_name, algorithm.tags, algorithm.public) == ("team/Echo", ["text", "fun"], False)


def test_a_name_is_taken_in_any_case(alice: User) -> None:
    make_algorithm("echo", by=alice)
    with pytest.raises(Conflict, match="already"):
        make_algorithm("ECHO", by=alice)


def test_another_owner_may_use_the_name(alice: User, bob: User) -> None:
    assert make_algorithm("echo", by=alice).pk != make_algorithm("echo", by=bob).pk


@pytest.mark.parametrize(
    ("texts", "field"),
    [
        ({"name": "2fast"}, "name"),
        ({"name": "../etc"}, "name"),
        ({"name": "a" * 65}, "name"),
        ({"name": "x\n"}, "name"),
        ({"summary": "x" * 201}, "summary"),
        ({"tags": ["x" * 33]}, "tags"),
        ({"tags": [f"tag{number}" for number in range(11)]}, "tags"),
        ({"environment": ""}, "environment"),
        ({"readme": "nul \x00"}, "readme"),
    ],
)
def test_what_cannot_be_is_refused_by_field(alice: User, texts: dict[str, Any], field: str) -> None:
    texts = {"name": "echo", **texts}
    with pytest.raises(InvalidInput) as refused:
        make_algorithm(by=alice, **texts)
    assert refused.value.field == field


def test_update_changes_what_is_given(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice, summary="Old.", readme="# Echo")
    updated = update_algorithm(algorithm=algorithm, by=alice, summary="New.", tags=["Fun"])
    updated.refresh_from_db()
    assert (updated.summary, updated.readme, updated.tags) == ("New.", "# Echo", ["fun"])
    assert updated.updated_at > algorithm.updated_at


def test_an_update_that_changes_nothing_touches_nothing(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice, summary="Same.")
    assert update_algorithm(algorithm=algorithm, by=alice, summary="Same.").updated_at == algorithm.updated_at


def test_a_source_is_kept_by_its_hash_and_built_once(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice)
    builds = [_start(algorithm, b"source", alice) for _ in range(2)]
    assert builds[0] == builds[1]
    assert _read(f"sources/{builds[0].source_hash}.tar.gz") == b"source"


def test_other_settings_are_another_build(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice)
    first = _start(algorithm, b"source", alice)
    assert first != _start(algorithm, b"source", alice, timeout_seconds=5)


def test_a_failed_source_may_be_built_again(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice)
    first = _start(algorithm, b"source", alice)
    Build.objects.filter(pk=first.pk).update(state=BuildState.FAILED)
    assert first != _start(algorithm, b"source", alice)


def test_a_half_written_source_is_mended(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice)
    build = _start(algorithm, b"whole source", alice)
    name = f"sources/{build.source_hash}.tar.gz"
    default_storage.delete(name)
    default_storage.save(name, io.BytesIO(b"whole"))
    _start(algorithm, b"whole source", alice)
    assert _read(name) == b"whole source"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"environment": ""}, "environment"),
        ({"entry": "../x.py"}, "entry"),
        ({"entry": "/etc/passwd"}, "entry"),
        ({"timeout_seconds": 0}, "timeout_seconds"),
        ({"timeout_seconds": 3001}, "timeout_seconds"),
        ({"memory_bytes": 1}, "memory_mebibytes"),
        ({"sample_input": "{"}, "sample_input"),
    ],
)
def test_settings_that_cannot_be_are_refused(alice: User, settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        make_build(make_algorithm("echo", by=alice), **settings)
    assert refused.value.field == field


def test_an_empty_source_is_refused(alice: User) -> None:
    with pytest.raises(InvalidInput, match="archive"):
        _start(make_algorithm("echo", by=alice), b"", alice)


def test_versions_are_numbered_in_turn(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice)
    numbers = [make_version(algorithm, bump=bump).number for bump in ("minor", "revision", "minor", *BUMPS)]
    assert numbers == ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.1.0", "1.1.1"]


def test_a_withdrawn_number_is_not_used_again(alice: User) -> None:
    algorithm = make_algorithm("echo", by=alice)
    withdraw_version(version=make_version(algorithm), by=alice)
    assert make_version(algorithm).number == "0.2.0"


def test_publishing_a_build_twice_answers_its_version(alice: User) -> None:
    build = make_build(by=alice)
    versions = [publish_version(build=build, bump="minor", by=alice) for _ in range(2)]
    assert versions[0] == versions[1]
    with pytest.raises(Conflict, match=r"0\.1\.0"):
        publish_version(build=build, bump="major", by=alice)


@pytest.mark.parametrize("state", [BuildState.QUEUED, BuildState.BUILDING, BuildState.FAILED])
def test_only_a_successful_build_is_published(alice: User, state: BuildState) -> None:
    with pytest.raises(Conflict, match="succeeded"):
        make_version(by=alice, state=state)


def test_a_version_is_what_was_built(alice: User) -> None:
    version = make_version(by=alice, network=True, timeout_seconds=7, sample_input="[1]", release_notes=" First. ")
    build = version.build
    assert (version.source_hash, version.artifact, version.entry) == (build.source_hash, build.artifact, build.entry)
    assert (version.network, version.calls_others, version.timeout_seconds) == (True, False, 7)
    assert (version.sample_input, version.release_notes) == ("[1]", "First.")


def test_a_version_has_its_price_from_its_first_moment(alice: User) -> None:
    version = make_version(by=alice, royalty_per_call=500_000)
    price = billing.get_price(version_id=version.id, at=version.published_at)
    assert (price.royalty_per_call, price.compute_per_second) == (500_000, billing.CREDIT)


def test_a_negative_price_is_refused(alice: User) -> None:
    with pytest.raises(InvalidInput, match="from 0 to"):
        make_version(by=alice, royalty_per_call=-1)


def test_members_publish_and_owners_withdraw(alice: User, bob: User, team: Organization) -> None:
    version = make_version(make_algorithm("echo", by=bob, owner="team"), by=bob)
    with pytest.raises(PermissionDenied, match="withdraw"):
        withdraw_version(version=version, by=bob)
    assert withdraw_version(version=version, by=alice).withdrawn_at


def test_strangers_do_nothing_to_an_algorithm(alice: User, charlie: User) -> None:
    version = make_version(make_algorithm("echo", by=alice))
    for attempt in (
        lambda: update_algorithm(algorithm=version.algorithm, by=charlie, summary="Mine now."),
        lambda: _start(version.algorithm, b"evil", charlie),
        lambda: publish_version(build=version.build, bump="minor", by=charlie),
        lambda: withdraw_version(version=version, by=charlie),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert Version.objects.get().withdrawn_at is None


def _start(algorithm: Any, source: bytes, by: User, **settings: Any) -> Build:
    kept = BuildSettings(**{"environment": "python3", "entry": "src/echo.py", **settings})
    return start_build(algorithm=algorithm, source=io.BytesIO(source), settings=kept, by=by)


def _read(name: str) -> bytes:
    with default_storage.open(name) as stored:
        return bytes(stored.read())
