"""Declared schemas: JSON Schema of what an algorithm takes and answers."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marketplace.algorithms.samples import Sample
from marketplace.errors import InvalidInput
from marketplace.texts import check_storable

LONGEST_SCHEMA = 50_000
"""Characters of JSON."""
CHECK_SECONDS = 30
"""When nobody waits for it any more; of a processor it gets less."""
CHECKER = Path(__file__).with_name("schema_check.py")
TOO_MUCH = "checking it takes too long; make it simpler"
Schema = dict[str, Any]


def check_schemas(input_schema: Schema, output_schema: Schema, samples: Sequence[Sample]) -> None:
    """Raises InvalidInput for a schema that is none, and for a sample that does not fit; empty ones say nothing."""
    _check("input_schema", input_schema, {one.name: one.input for one in samples if one.content_type == "json"})
    expected = {one.name: one.expected for one in samples if one.expected is not None}
    _check("output_schema", output_schema, expected)


def find_misfits(schema: Schema, values: Sequence[str]) -> list[str]:
    """A sentence for each of these JSON texts, empty for one that fits, as all do where there is no schema."""
    if not (schema and values):
        return [""] * len(values)
    faults = _find_faults(schema, values)
    return [faults] * len(values) if isinstance(faults, str) else faults


def _check(field: str, schema: Schema, values: dict[str, str]) -> None:
    if not schema:
        return
    try:
        if len(json.dumps(schema)) > LONGEST_SCHEMA:
            raise InvalidInput(field, f"A schema may have {LONGEST_SCHEMA:,} characters.")
        _check_characters(field, schema)
    except RecursionError:
        raise InvalidInput(field, "The schema is nested too deep.") from None
    faults = _find_faults(schema, list(values.values()))
    if isinstance(faults, str):
        raise InvalidInput(field, f"The {field.replace('_', ' ')} is not right: {faults}.")
    for name, fault in zip(values, faults, strict=True):
        if fault:
            raise InvalidInput(field, f"The sample {name} does not fit the {field.replace('_', ' ')}: {fault}.")


def _check_characters(field: str, value: Any) -> None:
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        for each in value:
            _check_characters(field, each)
    elif isinstance(value, str):
        check_storable(field, value)


def _find_faults(schema: Schema, values: Sequence[str]) -> list[str] | str:
    """As schema_check.py says; a text also when the check itself did not end well."""
    asked = json.dumps({"schema": schema, "values": list(values)})
    try:
        ran = subprocess.run(
            [sys.executable, "-I", str(CHECKER)],
            input=asked,
            capture_output=True,
            text=True,
            env={},  # what stands in ours are the platform's secrets
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return TOO_MUCH
    if ran.returncode:
        return TOO_MUCH
    found: list[str] | str = json.loads(ran.stdout)
    return found
