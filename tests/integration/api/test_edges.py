"""What is the same for every address of the API."""

import json
import logging

import pytest
from django.test import Client
from redis import ConnectionError as RedisConnectionError

from marketplace.api.views.environments import LanguagesView
from marketplace.settings import REPOSITORY
from tests.integration.api.conftest import Caller, message_of

SCHEMA = REPOSITORY / "docs" / "reference" / "openapi.json"


@pytest.mark.parametrize(
    "path",
    ["/v1", "/v1/", "/v1/nothing", "/v1/algorithms/1x", "/v1/algorithms/a%00b/c", "/v1/algorithms/../../etc/passwd",
     "/v1/algorithms/a/b/builds/not-a-uuid", "/v1/algorithms/a/b/c/d/e", "/v1/%ff", "/v1/a%0Ab"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post", "delete", "patch"])
def test_unknown_addresses_answer_404_as_json(path: str, method: str) -> None:
    response = getattr(Client(), method)(path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


@pytest.mark.parametrize(("method", "path"), [("delete", "/v1/algorithms"), ("put", "/v1/organizations")])
def test_wrong_methods_answer_405_as_json(as_alice: Caller, method: str, path: str) -> None:
    response = getattr(as_alice._client, method)(path)
    assert (response.status_code, response.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": NaN}', b'{"name": "\\ud800"}'])
def test_malformed_json_is_refused(as_alice: Caller, body: bytes) -> None:
    response = as_alice._client.post("/v1/organizations/alice/keys", body, content_type="application/json")
    assert response.status_code == 400


def test_another_kind_of_body_is_refused(as_alice: Caller) -> None:
    response = as_alice._client.post("/v1/organizations/alice/keys", b"<a/>", content_type="text/xml")
    assert response.status_code == 415


def test_our_own_errors_show_an_id_and_no_more(
    as_nobody: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(LanguagesView, "get", fail)
    with caplog.at_level(logging.ERROR):
        response = as_nobody.get("/v1/algorithm-environments/edge/languages")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["error"]["id"] in caplog.text
    assert "ZeroDivisionError: a secret" in caplog.text


def test_a_part_that_is_away_asks_for_patience(as_nobody: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(LanguagesView, "get", fail)
    response = as_nobody.get("/v1/algorithm-environments/edge/languages")
    assert response.status_code == 503
    assert message_of(response).endswith("try again in a moment.")


def test_it_lists_languages_and_environments(as_nobody: Caller) -> None:
    languages = as_nobody.get("/v1/algorithm-environments/edge/languages").json()
    assert {"python", "javascript"} <= {row["name"] for row in languages}
    found = as_nobody.get("/v1/algorithm-environments/edge/languages/python/environments").json()
    assert [row["id"] for row in found["environments"]] == ["python3"]
    assert as_nobody.get("/v1/algorithm-environments/edge/languages/cobol/environments").status_code == 404


def test_the_committed_schema_is_the_one_served(as_nobody: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    """Renew it with `make openapi`."""
    assert as_nobody.get("/v1/schema").json() == json.loads(SCHEMA.read_text("utf-8"))
    assert capsys.readouterr().err == "", "nothing about a view had to be guessed"


def test_the_schema_describes_calls(as_nobody: Caller) -> None:
    paths = as_nobody.get("/v1/schema").json()["paths"]
    assert "post" in paths["/v1/algo/{owner}/{name}"]
    assert set(paths["/v1/algorithms/{owner}/{name}"]) == {"get", "put", "delete"}
    operations = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(operations) == len(set(operations))


def test_the_docs_page_takes_nothing_from_elsewhere(as_nobody: Caller) -> None:
    response = as_nobody.get("/v1/docs")
    assert response.status_code == 200
    assert "https://" not in response.text
