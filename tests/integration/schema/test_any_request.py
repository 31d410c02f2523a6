"""Requests made up from the OpenAPI document, to a running platform: no answer is a 500, and each is a described one.

`make fuzz` makes many more of them.
"""

import os
import subprocess
import sys
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.config import SchemathesisConfig

from marketplace.settings import REPOSITORY
from tests.platform import RunningPlatform

FUZZ_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance),
]
MAKE_FUZZER = """
import django
django.setup()
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key, make_user
person = make_user("fuzzer")
make_version(make_algorithm("target", by=person))
print(make_api_key(by=person).text)
"""
KNOWN = {
    "owner": "fuzzer",
    "name": "target",
    "organization": "fuzzer",
    "username": "fuzzer",
    "version": "0.1.0",
    "language": "python",
    "environment_id": "python3",
    "host_id": "internal",
}
CALLED = {"owner": "agora", "name": "hello", "version": "latest"}


@pytest.fixture(scope="session")
def fuzzer_key(platform: RunningPlatform) -> str:
    """A key of somebody whom no other test looks at; the algorithm `fuzzer/target` is theirs."""
    command = [sys.executable, "-c", MAKE_FUZZER]
    return subprocess.run(command, env=platform.environ, capture_output=True, text=True, check=True).stdout.strip()


FUZZING_ONLY = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}}})
"""Beside it the default has dozens of fixed requests for each operation: they are for `make fuzz`."""
described = schemathesis.openapi.from_path(
    REPOSITORY / "docs" / "reference" / "openapi.json", config=None if FUZZ_EXAMPLES else FUZZING_ONLY
)
"""What the platform serves: tests/integration/api/test_edges.py holds one to the other."""


@schemathesis.serializer("application/x-ndjson")
def write_lines(context: Any, value: Any) -> bytes:
    """The lines as they were made up."""
    return str(value).encode(errors="replace")


@described.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    """Half of the requests are about what there is."""
    if path_parameters and sum(map(len, map(str, path_parameters.values()))) % 2:
        known = KNOWN | CALLED if context.operation.path.startswith("/v1/algo/") else KNOWN
        return {name: known.get(name, value) for name, value in path_parameters.items()}
    return path_parameters


@described.parametrize()
@settings(
    max_examples=FUZZ_EXAMPLES or 5,
    deadline=None,
    derandomize=not FUZZ_EXAMPLES,
    suppress_health_check=list(HealthCheck),
)
@pytest.mark.timeout(3_600)
def test_every_answer_is_a_described_one(case: Any, platform: RunningPlatform, fuzzer_key: str) -> None:
    headers = {"Authorization": f"Simple {fuzzer_key}"}
    case.call_and_validate(base_url=platform.address, headers=headers, checks=CHECKS)
