"""Whatever is sent, the answer is an error that names it, and never one of ours."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.accounts.models import User
from tests.factories.catalogue import make_algorithm, make_build
from tests.integration.api.conftest import Caller

texts = st.text(max_size=12) | st.sampled_from(["\0", "\ud800", "python3", "../x", "x" * 300, "1.0.0", "public", "-1"])
numbers = st.integers() | st.floats() | st.sampled_from([10**40, -1, 2**63, 1e308])
scalars = st.none() | st.booleans() | numbers | texts
NAMES = [
    *("name", "details", "settings", "tagline", "summary", "tags", "algorithm_environment", "algorithm_callability"),
    *("build_id", "source_hash", "version_info", "version_type", "release_notes", "royalty_microcredits"),
    *("environment", "entry", "timeout_seconds", "memory_bytes", "network", "calls_others", "sample_input"),
]
bodies = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | texts, inner, max_size=6),
    max_leaves=12,
)
likely_bodies = st.fixed_dictionaries(
    {},
    optional={
        "name": texts,
        "details": st.fixed_dictionaries({}, optional={"tagline": texts, "summary": texts, "tags": bodies}),
        "settings": st.fixed_dictionaries(
            {"algorithm_environment": st.just("python3") | texts},
            optional={"algorithm_callability": texts, "royalty_microcredits": numbers},
        ),
        "version_info": st.fixed_dictionaries({}, optional={"version_type": texts, "release_notes": texts}),
        "source_hash": texts | st.just("0" * 64),
    },
)
build_settings = st.fixed_dictionaries(
    {}, optional={name: scalars for name in NAMES if name in NAMES[-7:]}
) | bodies  # fmt: skip
whatever = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
WRITES = [
    ("post", "/v1/algorithms/alice"),
    ("put", "/v1/algorithms/alice/echo"),
    ("post", "/v1/algorithms/alice/echo/versions"),
    ("post", "/v1/organizations/alice/keys"),
]


@pytest.fixture
def echo(alice: User) -> None:
    make_build(make_algorithm("echo", by=alice))


@pytest.mark.parametrize(("method", "path"), WRITES)
@whatever
@given(body=bodies | likely_bodies)
def test_no_body_breaks_it(as_alice: Caller, echo: None, method: str, path: str, body: Any) -> None:
    response = getattr(as_alice, method)(path, body)
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.json()["error"]["message"]


@whatever
@given(form=build_settings)
def test_no_build_setting_breaks_it(as_alice: Caller, echo: None, form: Any) -> None:
    source = SimpleUploadedFile("source.tar.gz", b"a source")
    response = as_alice.upload("/v1/algorithms/alice/echo/builds", source=source, settings=json.dumps(form))
    assert response.status_code < 500, response.text


@whatever
@given(query=st.dictionaries(st.sampled_from(["q", "tag", "owner", "environment", "limit", "marker"]), texts))
def test_no_query_breaks_it(as_nobody: Caller, query: dict[str, str]) -> None:
    query = {name: text.encode(errors="replace").decode() for name, text in query.items()}
    assert as_nobody.get("/v1/algorithms", **query).status_code < 500


@whatever
@given(version=texts)
def test_no_version_breaks_it(as_alice: Caller, echo: None, version: str) -> None:
    path = f"/v1/algorithms/alice/echo/versions/{version.encode(errors='replace').decode().replace('/', '')}"
    assert as_alice.get(path).status_code in {200, 404}
