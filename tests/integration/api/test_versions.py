"""/v1/algorithms/:owner/:name/versions"""

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import BuildState
from marketplace.organizations.models import Organization
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
