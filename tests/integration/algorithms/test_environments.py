"""How an environment stands, and what follows."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.environments import (
    find_warning,
    list_environments,
    note_toolchains,
    set_environment_status,
)
from marketplace.algorithms.models import Build, BuildState, EnvironmentStanding
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.services import rebuild, retry_build
from marketplace.audit.models import AuditEvent
from marketplace.errors import InvalidInput, NotFound
from tests.factories.catalogue import make_algorithm, make_build, make_version

LATER = datetime(2030, 1, 1, tzinfo=UTC)
MUCH_LATER = datetime(2031, 1, 1, tzinfo=UTC)


def retire(ends_at: datetime | None = LATER) -> None:
    set_environment_status(
        environment_id="python3",
        status="retired",
        by=None,
        message="It is too old.",
        instead="javascript",
        ends_at=ends_at,
    )


def test_nothing_is_built_for_a_retired_environment_and_its_versions_go_on(alice: User) -> None:
    algorithm = make_algorithm(by=alice)
    make_version(algorithm)
    assert collect_algorithm_entries()[0].versions[0].ends_at == 0
    retire()
    with pytest.raises(InvalidInput, match=r"too old\. Use javascript\. Nothing is built"):
        make_build(algorithm)
    (version,) = collect_algorithm_entries()[0].versions
    assert version.ends_at == LATER.timestamp()
    assert version.ending == "The environment python3 has retired. It is too old. Use javascript."
    assert AuditEvent.objects.get(action="environment.set").details["ends_at"] == LATER.isoformat()
    set_environment_status(environment_id="python3", status="deprecated", by=alice)
    make_build(algorithm)
    assert collect_algorithm_entries()[0].versions[0].ends_at == 0


def test_a_build_for_a_retired_environment_is_not_begun_again(alice: User) -> None:
    build = make_build(make_algorithm(by=alice))
    Build.objects.filter(pk=build.pk).update(state=BuildState.FAILED, finished_at=LATER)
    build.refresh_from_db()
    retire()
    for again in (lambda: retry_build(build=build, by=alice), lambda: rebuild(build=build, by=alice, now=MUCH_LATER)):
        with pytest.raises(InvalidInput, match=r"has retired\. It is too old\. Use javascript\. Nothing is built"):
            again()
    assert Build.objects.count() == 1
    set_environment_status(environment_id="python3", status="deprecated", by=None, message="Leave it.")
    assert find_warning("python3") == "Warning: The environment python3 is deprecated. Leave it."
    assert rebuild(build=build, by=alice, now=MUCH_LATER) != build
    set_environment_status(environment_id="python3", status="stable", by=None)
    assert find_warning("python3") == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"environment_id": "cobol"}, NotFound),
        ({"status": "old"}, InvalidInput),
        ({"instead": "cobol"}, InvalidInput),
        ({"instead": "python3"}, InvalidInput),
        ({"ends_at": LATER}, InvalidInput),
        ({"status": "retired", "ends_at": datetime(2030, 1, 1)}, InvalidInput),  # noqa: DTZ001 - that is the fault
        ({"message": "x" * 301}, InvalidInput),
    ],
)
def test_what_cannot_be_said(wrong: dict[str, object], error: type[Exception]) -> None:
    said = {"environment_id": "python3", "status": "beta", "by": None}
    with pytest.raises(error):
        set_environment_status(**{**said, **wrong})  # type: ignore[arg-type]


@pytest.mark.django_db
def test_the_page_and_the_api_tell_all_of_them(client: Client) -> None:
    retire()
    note_toolchains()
    told = client.get("/v1/algorithm-environments/edge/environments").json()["environments"]
    python = next(one for one in told if one["id"] == "python3")
    assert (python["status"], python["instead"], python["machine_type"]) == ("retired", "javascript", "CPU")
    assert python["toolchain_version"].startswith("3.")
    assert {one["id"] for one in told} == {found.environment.id for found in list_environments()}
    page = client.get("/environments").content.decode()
    for text in ("Python 3", "It is too old.", "1 January 2030", python["toolchain_version"], "JavaScript"):
        assert text in page


def test_an_administrator_changes_it_in_the_admin(client: Client, alice: User) -> None:
    EnvironmentStanding.objects.create(environment="python3")
    alice.is_superuser = alice.is_staff = True
    alice.save()
    client.force_login(alice)
    form = {"status": "deprecated", "message": "Leave it.", "instead": "javascript", "ends_at": ""}
    page = "/admin/algorithms/environmentstanding/python3/change/"
    assert client.post(page, form).status_code == 302
    assert EnvironmentStanding.objects.get().status == "deprecated"
    assert AuditEvent.objects.get(action="environment.set").actor_id == alice.pk
    refused = client.post(page, form | {"ends_at": "2030-01-01T00:00"})
    assert refused.status_code == 200
    assert b"Only the versions of a retired environment end." in refused.content
