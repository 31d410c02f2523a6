"""Declared schemas are JSON Schema, samples fit them, and none keeps the platform busy or fetches anything."""

import time
from pathlib import Path
from typing import Any

import pytest

from marketplace.algorithms import schemas
from marketplace.algorithms.models import Version
from marketplace.algorithms.samples import Sample
from marketplace.algorithms.schemas import CHECK_SECONDS, check_schemas, find_misfits
from marketplace.errors import InvalidInput
from tests.factories.catalogue import make_build, make_version

SIZE = {"type": "object", "required": ["width"], "properties": {"width": {"type": "integer", "minimum": 1}}}
FITS = Sample("fits", '{"width": 3}', expected="9")
ENDLESS = {"type": "string", "pattern": "^(a+)+$"}
DOUBLING = {
    "$ref": "#/$defs/0",
    "$defs": {"40": {"not": {}}}
    | {str(place): {"anyOf": [{"$ref": f"#/$defs/{place + 1}"}] * 2} for place in range(40)},
}


def test_what_fits_is_taken_and_nothing_declared_is_nothing_refused() -> None:
    check_schemas(SIZE, {"type": "integer"}, [FITS, Sample("bytes", "AAAA", content_type="binary")])
    check_schemas({}, {}, [Sample("any", "null")])
    assert find_misfits({}, ["1"]) == [""]


@pytest.mark.parametrize(
    ("schemas", "says"),
    [
        (({"type": "objct"}, {}), "The input schema is not right: .*objct"),
        (({}, {"type": "text"}), "The output schema is not right"),
        (({"type": "object", "properties": {"width": {"type": "string"}}}, {}), r"fits does not fit .*\(at width\)"),
        (({}, {"type": "string"}), "The sample fits does not fit the output schema: 9 is not of type"),
        (({"$ref": "http://127.0.0.1/schema"}, {}), "cannot be followed"),
        (({"$ref": "#"}, {}), "refers to itself"),
        (({"description": "x" * 50_001}, {}), "50,000 characters"),
        (({"description": "a\0"}, {}), "cannot be kept"),
    ],
)
def test_what_is_wrong_is_said(schemas: tuple[dict[str, Any], dict[str, Any]], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        check_schemas(*schemas, [FITS])


@pytest.mark.parametrize(("schema", "value"), [(ENDLESS, '"' + "a" * 60 + '!"'), (DOUBLING, "1")])
def test_a_schema_that_takes_for_ever_is_refused_in_time(schema: dict[str, Any], value: str) -> None:
    began = time.monotonic()
    with pytest.raises(InvalidInput, match="make it simpler"):
        check_schemas(schema, {}, [Sample("long", value)])
    assert time.monotonic() - began < CHECK_SECONDS


def test_a_schema_that_is_nested_without_end_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"not": deep}
    with pytest.raises(InvalidInput, match="nested too deep"):
        check_schemas(deep, {}, [])


@pytest.mark.django_db
def test_an_upload_is_checked_and_a_version_keeps_its_schemas() -> None:
    with pytest.raises(InvalidInput, match="The sample sample does not fit the input schema"):
        make_build(input_schema=SIZE, sample_input='{"width": 0}')
    version = make_version(input_schema=SIZE, sample_input='{"width": 1}')
    assert Version.objects.get(pk=version.pk).input_schema == SIZE


def test_the_checker_gets_none_of_our_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "tell.py"
    program.write_text("import json, os\nprint(json.dumps([' '.join(os.environ)]))\n")
    monkeypatch.setattr(schemas, "CHECKER", program)
    monkeypatch.setenv("AGORA_SECRET_KEY", "not for it")
    [told] = schemas.find_misfits({"type": "string"}, ["1"])
    assert "AGORA" not in told
