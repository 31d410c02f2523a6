"""/v1/algorithms/:owner/:name/versions"""

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import BuildState
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.services import withdraw_version
from marketplace.audit.models import AuditEvent
from marketplace.directory.entries import SplitEntry
from marketplace.organizations.models import Organization
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.factories.people import make_api_key
from tests.integration.api.conftest import Caller, message_of

VERSIONS = "/v1/algorithms/alice/ocr/versions"


@pytest.mark.parametrize("path", [VERSIONS, "/v1/algorithms/alice/ocr/version"])
def test_it_publishes_a_build(as_alice: Caller, alice: User, path: str) -> None:
    build = make_build(make_algorithm("ocr", by=alice), network=True, calls_others=True, sample_input='"a"')
    body = {
        "build_id": str(build.id),
        "version_info": {"version_type": "major", "release_notes": "New."},
        "settings": {"royalty_microcredits": 500_000},
    }
    response = as_alice.post(path, body)
    assert response.status_code == 201
    answer = response.json()
    assert answer["version_info"]["semantic_version"] == "1.0.0"
    assert answer["version_info"]["git_hash"] == build.source_hash
    assert answer["version_info"]["release_notes"] == "New."
    assert answer["version_info"]["sample_input"] == '"a"'
    assert answer["settings"]["royalty_microcredits"] == 500_000
    assert (answer["settings"]["network_access"], answer["settings"]["pipeline_enabled"]) == ("full", True)
    assert as_alice.post(path, body).json() == answer  # clients send it again when an answer is lost


def test_it_publishes_the_build_of_a_source(as_alice: Caller, alice: User) -> None:
    build = make_build(make_algorithm("ocr", by=alice))
    response = as_alice.post(VERSIONS, {"source_hash": build.source_hash})
    assert response.json()["version_info"]["semantic_version"] == "0.1.0"


def test_it_lists_and_finds_versions(as_charlie: Caller, alice: User) -> None:
    algorithm = make_algorithm("ocr", by=alice)
    make_version(algorithm)
    newest = make_version(algorithm, bump="revision")
    listed = as_charlie.get(VERSIONS, limit=1).json()
    assert [row["version_info"]["semantic_version"] for row in listed["results"]] == ["0.1.1"]
    assert listed["marker"]
    for selector in ("0.1.1", "0.1", "0.*", "latest", newest.source_hash):
        found = as_charlie.get(f"{VERSIONS}/{selector}").json()
        assert found["version_info"]["version_uuid"] == str(newest.id)
    assert as_charlie.get(f"{VERSIONS}/9.9.9").status_code == 404


def test_it_withdraws_a_version_named_in_full(as_alice: Caller, alice: User) -> None:
    make_version(make_algorithm("ocr", by=alice))
    assert as_alice.delete(f"{VERSIONS}/latest").status_code == 404
    assert as_alice.delete(f"{VERSIONS}/0.1.0").status_code == 204
    assert as_alice.get(VERSIONS).json()["results"] == []


def test_a_member_may_not_withdraw(as_team: Caller, team: Organization, alice: User) -> None:
    make_version(make_algorithm("ocr", by=alice, owner="team"))
    response = as_team.delete("/v1/algorithms/team/ocr/versions/0.1.0")
    assert (response.status_code, response.json()["error"]["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 409, "has no source yet"),
        ({"build_id": "00000000-0000-4000-8000-000000000000", "source_hash": "0" * 64}, 400, "and not both"),
        ({"build_id": "x"}, 400, "build_id: Must be a valid UUID."),
        ({"build_id": "00000000-0000-4000-8000-000000000000"}, 404, "There is no such build."),
        ({"source_hash": "0" * 64}, 409, "No build of this source has succeeded"),
        ({"source_hash": "0" * 64, "version_info": {"version_type": "huge"}}, 400, "version_info.version_type: "),
        ({"source_hash": "0" * 64, "settings": {"royalty_microcredits": -1}}, 400, "settings.royalty_microcredits: "),
        ({"source_hash": "0" * 64, "settings": {"royalty_microcredits": 10**30}}, 400, "royalty_microcredits: "),
        ([], 400, "Invalid data"),
        (None, 400, ""),
    ],
)
def test_it_says_what_is_wrong(as_alice: Caller, alice: User, body: object, status: int, message: str) -> None:
    make_algorithm("ocr", by=alice)
    response = as_alice.post(VERSIONS, body)
    assert response.status_code == status
    assert message in message_of(response)


def test_an_unfinished_build_cannot_be_published(as_alice: Caller, alice: User) -> None:
    build = make_build(make_algorithm("ocr", by=alice), state=BuildState.BUILDING)
    response = as_alice.post(VERSIONS, {"build_id": str(build.id)})
    assert (response.status_code, message_of(response)[:22]) == (409, "The build is building:")


def test_the_build_of_another_organization_is_not_there(as_alice: Caller, alice: User, charlie: User) -> None:
    make_algorithm("ocr", by=alice)
    build = make_build(make_algorithm("theirs", by=charlie))
    assert as_alice.post(VERSIONS, {"build_id": str(build.id)}).status_code == 404


def test_the_build_of_another_algorithm_is_not_there(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    build = make_build(make_algorithm("other", by=alice))
    assert as_alice.post(VERSIONS, {"build_id": str(build.id)}).status_code == 404


def test_a_key_of_someone_who_left_acts_for_nobody(as_team: Caller, team: Organization, alice: User, bob: User) -> None:
    from marketplace.organizations.services import remove_member

    assert as_team.get("/v1/organizations").status_code == 200
    remove_member(organization=team, user=bob, by=alice)
    assert as_team.get("/v1/organizations").status_code == 401
    assert make_api_key(by=bob).text


def numbers(caller: Caller) -> list[str]:
    return [row["version_info"]["semantic_version"] for row in caller.get(VERSIONS).json()["results"]]


def test_an_older_version_becomes_the_latest_again_and_gives_way_to_the_next(as_alice: Caller, alice: User) -> None:
    algorithm = make_algorithm("ocr", by=alice)
    for _ in range(3):
        make_version(algorithm)
    answer = as_alice.put(f"{VERSIONS}/0.1.0", {"latest": True}).json()
    assert (answer["version_info"]["semantic_version"], answer["version_info"]["rolled_back"]) == ("0.1.0", False)
    assert as_alice.get(f"{VERSIONS}/latest").json()["version_info"]["semantic_version"] == "0.1.0"
    assert as_alice.get("/v1/algorithms/alice/ocr").json()["version_info"]["semantic_version"] == "0.1.0"
    assert as_alice.get(f"{VERSIONS}/0.3.0").json()["version_info"]["rolled_back"]
    assert numbers(as_alice) == ["0.1.0", "0.3.0", "0.2.0"]
    as_alice.put(f"{VERSIONS}/0.2.0", {"latest": True})
    assert numbers(as_alice) == ["0.2.0", "0.1.0", "0.3.0"]
    make_version(algorithm)
    assert numbers(as_alice)[0] == "0.4.0"
    acts = AuditEvent.objects.filter(action="version.make_latest").order_by("at").values_list("details", flat=True)
    assert [act["rolled_back"] for act in acts] == [["0.2.0", "0.3.0"], ["0.3.0"]]


def test_a_version_is_deprecated_and_taken_up_again(as_alice: Caller, as_charlie: Caller, alice: User) -> None:
    version = make_version(make_algorithm("ocr", by=alice))
    assert as_alice.put(f"{VERSIONS}/0.1", {"deprecated": "Use 2."}).status_code == 404
    as_alice.put(f"{VERSIONS}/0.1.0", {"deprecated": "Use 2."})
    entry = collect_algorithm_entries()[0].versions[0]
    assert (entry.deprecation, entry.deprecated_at > 0) == ("Use 2.", True)
    assert as_charlie.get(f"{VERSIONS}/0.1.0").json()["version_info"]["deprecated"] == "Use 2."
    as_alice.put(f"{VERSIONS}/0.1.0", {"deprecated": None})
    assert collect_algorithm_entries()[0].versions[0].deprecated_at == 0
    withdraw_version(version=version, by=alice)
    actions = AuditEvent.objects.filter(subject_id=version.pk).order_by("at").values_list("action", flat=True)
    assert list(actions)[1:] == ["version.deprecate", "version.recommend", "version.withdraw"]


def test_traffic_is_split_measured_and_united(as_alice: Caller, alice: User) -> None:
    algorithm = make_algorithm("ocr", by=alice)
    base, candidate = make_version(algorithm), make_version(algorithm)
    traffic = "/v1/algorithms/alice/ocr/traffic"
    asked = {"base": "0.1.0", "candidate": "0.2.0", "percent": 10}
    begun = as_alice.put(traffic, asked).json()
    assert (begun["base"]["percent"], begun["candidate"]["percent"]) == (90, 10)
    for run_us in (1_000, 2_000, 9_000):
        record_calls(candidate, run_us=run_us)
    record_calls(base, outcome="algorithm_error")
    found = as_alice.put(traffic, asked | {"percent": 30}).json()
    assert found["started_at"] == begun["started_at"]
    assert (found["base"]["calls"], found["base"]["failed"], found["base"]["median_run_us"]) == (1, 1, None)
    assert (found["candidate"]["calls"], found["candidate"]["median_run_us"]) == (3, 2_000)
    assert 8_000 < found["candidate"]["p95_run_us"] <= 9_000
    assert collect_algorithm_entries()[0].split == SplitEntry(str(base.id), str(candidate.id), 30)
    withdraw_version(version=candidate, by=alice)  # nobody is to be sent there
    assert as_alice.get(traffic).status_code == 404
    assert as_alice.put(traffic, asked).status_code == 404
    assert as_alice.delete(traffic).status_code == 204
