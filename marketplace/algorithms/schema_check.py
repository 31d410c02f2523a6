"""A program: checks values against a JSON Schema. Reads one JSON object, and writes a list of sentences.

A process of its own, since what authors write there can take for ever: expressions that search without end, references
that double at each step. It holds no secret, and is ended in time (schemas.py).

In: `{"schema": …, "values": [JSON texts]}`. Out: one sentence for each value, empty for one that fits; or a single
text, what is wrong with the schema itself.
"""

import json
import resource
import sys
from typing import Any

# ruff: noqa: E402 - this comes before the imports: where it is installed, jsonschema makes a grammar of it for a second,
# for formats, which are not checked here.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

MEMORY_BYTES = 512 * 2**20
PROCESSOR_SECONDS = 2
LONGEST_SENTENCE = 300


def find_faults(schema: dict[str, Any], values: list[str]) -> list[str] | str:
    """A sentence for each value, or what is wrong with the schema."""
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
        validator = kind(schema, registry=Registry())  # which fetches nothing
        return [_sentence(best_match(validator.iter_errors(json.loads(value)))) for value in values]
    except SchemaError as error:
        return _sentence(error)
    except Unresolvable as error:
        return f"{error.ref} cannot be followed: refer to what stands in the schema itself, such as #/$defs/size"
    except RecursionError:
        return "it refers to itself without end"


def _sentence(error: ValidationError | SchemaError | None) -> str:
    if error is None:
        return ""
    message = error.message if len(error.message) <= LONGEST_SENTENCE else f"{error.message[:LONGEST_SENTENCE]}…"
    place = ".".join(map(str, error.absolute_path))
    return f"{message} (at {place})" if place else message


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    json.dump(find_faults(**json.load(sys.stdin)), sys.stdout)
