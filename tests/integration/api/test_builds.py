"""/v1/algorithms/:owner/:name/builds"""

import io
import json
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.accounts.models import User
from marketplace.algorithms.models import Build, BuildState
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.integration.api.conftest import Caller, message_of

BUILDS = "/v1/algorithms/alice/ocr/builds"


def archive(content: bytes = b"a source") -> SimpleUploadedFile:
    return SimpleUploadedFile("source.tar.gz", content)


def test_an_upload_starts_a_build(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    response = as_alice.upload(BUILDS, source=archive(), settings=json.dumps({"timeout_seconds": 7}))
    assert response.status_code == 201
    started = response.json()
    assert (started["status"], started["state"]) == ("in-progress", "queued")
    build = Build.objects.get(pk=started["build_id"])
    assert build.settings["timeout_seconds"] == 7
    assert (build.settings["environment"], build.entry) == ("python3", "src/ocr.py")
    assert as_alice.get(f"{BUILDS}/{build.id}").json() == started
    assert as_alice.get(f"{BUILDS}/{build.id}/logs").json() == {"logs": ""}


def test_the_same_source_is_built_once(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    first, second = (as_alice.upload(BUILDS, source=archive()).json() for _ in range(2))
    assert first["build_id"] == second["build_id"]


def test_it_lists_builds_with_their_versions(as_alice: Caller, alice: User, django_assert_max_num_queries) -> None:
    algorithm = make_algorithm("ocr", by=alice)
    make_version(algorithm)
    make_build(algorithm, state=BuildState.FAILED)
    with django_assert_max_num_queries(8):
        rows = as_alice.get(BUILDS).json()["results"]
    assert [(row["status"], row["version_info"] and row["version_info"]["semantic_version"]) for row in rows] == [
        ("failed", None),
        ("succeeded", "0.1.0"),
    ]
    assert rows[0]["failure"] == "It does not compile."


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({}, "source: No file was submitted."),
        ({"source": "text"}, "source: The submitted data was not a file."),
        ({"source": b""}, "source: The submitted file is empty."),
        ({"source": b"x", "settings": "{"}, "settings: Value must be valid JSON."),
        ({"source": b"x", "settings": "[]"}, "settings: Send a JSON object."),
        ({"source": b"x", "settings": '{"timeout_seconds": "x"}'}, "settings: Expected `int`"),
        ({"source": b"x", "settings": '{"timeout_seconds": 9999}'}, "timeout_seconds: The timeout must be 1 to 3000"),
        ({"source": b"x", "settings": '{"entry": "../x"}'}, "entry: The entry must be the path"),
        ({"source": b"x", "settings": '{"environment": "cobol"}'}, "There is no environment cobol"),
        ({"source": b"x", "settings": '{"environment": ["a"]}'}, "There is no environment"),
        ({"source": b"x", "settings": '{"sample_input": "{"}'}, "sample_input: "),
        ({"source": b"x", "settings": '{"entry": "a\\u0000b"}'}, "entry"),
    ],
)
def test_it_says_what_is_wrong_with_an_upload(as_alice: Caller, alice: User, form: dict, message: str) -> None:
    make_algorithm("ocr", by=alice)
    sent = {name: archive(value) if isinstance(value, bytes) else value for name, value in form.items()}
    response = as_alice.upload(BUILDS, **sent)
    assert response.status_code == 400
    assert message in message_of(response)


def test_an_upload_that_is_too_large_is_not_even_read(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    request = {"CONTENT_LENGTH": str(200 * 2**20), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    response = as_alice._client.generic("POST", BUILDS, b"", **request)
    assert response.status_code == 413
    assert "larger than 100 MiB" in message_of(response)


def test_json_is_no_upload(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    assert as_alice.post(BUILDS, {}).status_code == 415


def test_a_broken_form_is_refused(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    response = as_alice._client.post(BUILDS, io.BytesIO(b"junk").read(), content_type="multipart/form-data")
    assert response.status_code == 400
    assert "Multipart form parse error" in message_of(response)


def test_the_build_of_another_algorithm_is_not_there(as_alice: Caller, alice: User) -> None:
    make_algorithm("ocr", by=alice)
    other = make_build(make_algorithm("other", by=alice))
    for path in (str(other.id), f"{other.id}/logs", str(uuid.uuid4())):
        assert as_alice.get(f"{BUILDS}/{path}").status_code == 404
