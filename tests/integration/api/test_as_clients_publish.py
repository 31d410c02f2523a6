"""What Algorithmia's published clients do to an algorithm, in their words: create, compile, publish, look, delete."""

import io
import tarfile
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Build, BuildState
from marketplace.algorithms.services import delete_algorithm, withdraw_version
from marketplace.api.views import versions
from marketplace.errors import NotFound
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.integration.api.conftest import Caller, message_of

OCR = "/v1/algorithms/alice/ocr"
CREATION = {
    "name": "ocr",
    "details": {"label": "Reads", "tagline": "Reads text.", "summary": "# OCR"},
    "settings": {
        "source_visibility": "open", "license": "mit", "network_access": "full", "pipeline_enabled": True,
        "language": "python3-1", "environment": "cpu", "royalty_microcredits": 7,
    },
    "version_info": {"sample_input": "hello"},
    "source": {"scm": "internal"},
    "scmsCredentials": {},
}  # fmt: skip
PUBLICATION: dict[str, Any] = {
    "details": {}, "settings": {"algorithm_callability": "private"}, "source": {}, "scmsCredentials": {},
    "version_info": {"version_type": "minor", "release_notes": "First.", "sample_input": "hello"},
}  # fmt: skip


def test_an_algorithm_keeps_what_its_builds_and_versions_get(as_alice: Caller, alice: User) -> None:
    made = as_alice.post("/v1/algorithms/alice", CREATION)
    assert made.status_code == 201, made.text
    wanted = {**CREATION["settings"], "algorithm_environment": "python3", "algorithm_callability": "private"}
    del wanted["language"], wanted["environment"]
    assert made.json()["settings"] == wanted | {"compute_microcredits_per_second": 0}
    started = as_alice.upload(f"{OCR}/builds", source=io.BytesIO(b"a source"))
    settings = Build.objects.get(pk=started.json()["build_id"]).settings
    assert (settings["network"], settings["calls_others"]) == (True, True)


@pytest.mark.parametrize(
    "chosen",
    [{"language": "cobol"}, {"license": "none"}, {"network_access": "some"}, {"source_visibility": "shut"},
     {"pipeline_enabled": "maybe"}, {"royalty_microcredits": -1}],
)  # fmt: skip
def test_settings_that_there_are_not_are_refused(as_alice: Caller, chosen: dict[str, Any]) -> None:
    body = {"name": "ocr", "settings": {"language": "python", **chosen}}
    assert as_alice.post("/v1/algorithms/alice", body).status_code == 400


def test_the_form_of_the_python_client_changes_nothing(as_alice: Caller) -> None:
    made = as_alice.post("/v1/algorithms/alice", CREATION).json()
    response = as_alice._client.put(OCR, "details=label&settings=license", "application/x-www-form-urlencoded")
    assert (response.status_code, response.json()) == (200, made)
    assert as_alice._client.put(OCR).json() == made, "nor does nothing at all"


def test_compiling_answers_the_newest_build(as_alice: Caller, alice: User) -> None:
    build = make_build(make_algorithm("ocr", by=alice))
    first, second = (as_alice.post(f"{OCR}/compile", {}) for _ in range(2))
    assert (first.status_code, first.json()) == (200, second.json())
    answer = first.json()
    assert answer["version_info"]["git_hash"] == build.source_hash
    assert answer["version_info"]["semantic_version"] is None
    assert answer["build"]["status"] == "succeeded"
    assert answer["compilation"] == {"successful": True, "output": ""}
    assert Build.objects.count() == 1


def test_compiling_nothing_says_how_to_send_something(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    response = as_alice.post(f"{OCR}/compile", {})
    assert (response.status_code, "has no source yet" in message_of(response)) == (409, True)


def test_a_failed_build_is_answered_twice_and_then_tried_again(
    as_alice: Caller, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = make_build(make_algorithm("ocr", by=alice), state=BuildState.FAILED)
    for _ in range(2):
        response = as_alice.post(f"{OCR}/compile", {})
        assert (response.status_code, response.json()["error"]["code"]) == (422, "build_failed")
        assert "It does not compile." in message_of(response)
    assert Build.objects.count() == 1
    Build.objects.filter(pk=build.pk).update(finished_at=timezone.now() - timedelta(minutes=5))
    monkeypatch.setattr(versions, "LONGEST_BUILD_SECONDS", 0)
    response = as_alice.post(f"{OCR}/compile", {})
    assert (response.status_code, response.json()["error"]["code"]) == (504, "still_building")
    assert Build.objects.get(state=BuildState.QUEUED).source_hash == build.source_hash


def test_publishing_names_no_build_and_may_be_repeated(as_alice: Caller, alice: User) -> None:
    build = make_build(make_algorithm("ocr", by=alice))
    first, second = (as_alice.post(f"{OCR}/versions", PUBLICATION) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    published = first.json()
    assert published == second.json()
    assert published["version_info"]["semantic_version"] == "0.1.0"
    assert published["version_info"]["git_hash"] == build.source_hash
    assert published["version_info"]["sample_input"] == '"hello"', "text that is no JSON counts as a string"
    assert published["settings"]["algorithm_callability"] == "private"
    assert as_alice.get(f"{OCR}/versions/{build.source_hash}").json() == published


def test_a_publication_with_a_wrong_setting_publishes_nothing(as_alice: Caller, alice: User) -> None:
    build = make_build(make_algorithm("ocr", by=alice, public=False))
    settings = {"algorithm_callability": "public", "algorithm_environment": "cobol"}
    assert as_alice.post(f"{OCR}/versions", PUBLICATION | {"settings": settings}).status_code == 400
    info = {"version_type": "minor", "git_hash": "0" * 64}
    assert as_alice.post(f"{OCR}/versions", PUBLICATION | {"version_info": info}).status_code == 409
    assert not Algorithm.objects.get(pk=build.algorithm_id).public
    assert as_alice.get(f"{OCR}/versions").json()["results"] == []


def test_versions_are_listed_by_what_they_are(as_alice: Caller, as_charlie: Caller, alice: User) -> None:
    algorithm = make_algorithm("ocr", by=alice)
    live, withdrawn = make_version(algorithm), make_version(algorithm, bump="revision")
    withdraw_version(version=withdrawn, by=alice)
    unpublished = make_build(algorithm)

    def hashes(caller: Caller, **query: str) -> list[str]:
        rows = caller.get(f"{OCR}/versions", **query).json()["results"]
        return [row["version_info"]["git_hash"] for row in rows]

    assert hashes(as_alice) == hashes(as_alice, published="True", callable="true") == [live.source_hash]
    assert hashes(as_alice, callable="False") == [withdrawn.source_hash]
    assert hashes(as_alice, published="false") == [unpublished.source_hash]
    assert hashes(as_charlie, published="false") == []
    assert as_alice.get(f"{OCR}/versions", published="perhaps").status_code == 400
    assert as_alice.get(f"{OCR}/versions/{unpublished.source_hash}").json()["build"]["build_id"] == str(unpublished.id)
    assert as_charlie.get(f"{OCR}/versions/{unpublished.source_hash}").status_code == 404


def test_an_id_stands_for_owner_and_name(as_alice: Caller, as_charlie: Caller, as_nobody: Caller, alice: User) -> None:
    algorithm = make_version(make_algorithm("ocr", by=alice, public=False)).algorithm
    path = f"/v1/algorithms/{algorithm.id}"
    for below in ("", "/versions", "/versions/0.1.0", "/builds", "/scm/status"):
        found = as_alice.get(path + below)
        assert (found.status_code, found.json()) == (200, as_alice.get(OCR + below).json())
        assert as_charlie.get(path + below).status_code == as_charlie.get(OCR + below).status_code == 404
        assert as_nobody.get(path + below).status_code == as_nobody.get(OCR + below).status_code
    response = as_alice.get(f"/v1/algorithms/{uuid.uuid4()}")
    assert (response.status_code, response.json()) == (404, {"error": "No such algorithm"})


def test_a_private_algorithm_is_deleted_and_its_name_is_free(as_alice: Caller, alice: User) -> None:
    algorithm = make_version(make_algorithm("ocr", by=alice, public=False)).algorithm
    response = as_alice.delete(OCR)
    assert (response.status_code, response.content) == (204, b"")
    for path in (OCR, f"/v1/algorithms/{algorithm.id}", f"{OCR}/versions", f"{OCR}/builds"):
        assert as_alice.get(path).status_code == 404
    assert as_alice.delete(OCR).status_code == 404
    assert as_alice.get("/v1/users/alice/algorithms").json()["results"] == []
    assert as_alice.post("/v1/algorithms/alice", CREATION).status_code == 201
    assert as_alice.get(f"{OCR}/versions").json()["results"] == []


def test_what_everybody_can_call_is_not_deleted(as_alice: Caller, alice: User) -> None:
    version = make_version(make_algorithm("ocr", by=alice))
    response = as_alice.delete(OCR)
    assert (response.status_code, "withdraw its versions first" in message_of(response)) == (409, True)
    withdraw_version(version=version, by=alice)
    assert as_alice.delete(OCR).status_code == 204


def test_strangers_and_members_delete_nothing(as_team: Caller, as_charlie: Caller, alice: User, charlie: User) -> None:
    algorithm = make_algorithm("ocr", by=alice, owner="team")
    assert as_charlie.delete("/v1/algorithms/team/ocr").status_code == 404
    assert as_team.delete("/v1/algorithms/team/ocr").status_code == 403
    with pytest.raises(NotFound):
        delete_algorithm(algorithm=algorithm, by=charlie)


def test_an_owners_algorithms_are_listed(as_alice: Caller, as_nobody: Caller, alice: User) -> None:
    make_version(make_algorithm("shown", by=alice))
    make_algorithm("unfinished", by=alice)
    make_version(make_algorithm("hidden", by=alice, public=False))

    def names(caller: Caller) -> list[str]:
        return [row["name"] for row in caller.get("/v1/users/Alice/algorithms").json()["results"]]

    assert names(as_nobody) == ["shown"]
    assert names(as_alice) == ["hidden", "shown", "unfinished"]
    assert as_nobody.get("/v1/users/nobody_here/algorithms").json()["results"] == []


def test_a_template_is_what_init_writes(as_nobody: Caller) -> None:
    response = as_nobody.get("/v1/algorithm-environments/edge/environment-specifications/python3/template")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/gzip")
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        assert {"src/algorithm.py", "agora.toml"} <= set(archive.getnames())
    unknown = as_nobody.get("/v1/algorithm-environments/edge/environment-specifications/cobol/template")
    assert (unknown.status_code, message_of(unknown)) == (404, "There is no environment cobol.")


def test_sources_are_kept_here(as_alice: Caller, as_charlie: Caller, as_nobody: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    [internal] = as_nobody.get("/v1/scms").json()["results"]
    assert (internal["id"], internal["default"], internal["enabled"]) == ("internal", True, True)
    assert as_nobody.get("/v1/scms/internal").json() == internal
    assert as_nobody.get("/v1/scms/github").status_code == 404
    assert as_alice.get(f"{OCR}/scm/status").json() == {"scm_connection_status": "active"}
    assert as_charlie.get(f"{OCR}/scm/status").status_code == 404


def test_the_description_is_where_clients_look(as_nobody: Caller) -> None:
    assert as_nobody.get("/v1/openapispec").json() == as_nobody.get("/v1/schema").json()
