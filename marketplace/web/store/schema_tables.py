"""Declared schemas as people read them: a line for each member, and a form where that is enough. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 6
MOST_LINES = 80
MOST_FIELDS = 20
LONGEST_VALUE = 80
LONG_TEXT = 200
"""A text that may have more characters gets several lines in a form."""
WHOLE = "the whole"
TYPES = {"string": "text", "integer": "whole number", "boolean": "true or false", "array": "list", "null": "nothing"}
SCALARS = ["string", "number", "integer", "boolean"]
BOUNDS = (
    ("const", "always {}"),
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("multipleOf", "a multiple of {}"),
    ("minLength", "{} or more characters"),
    ("maxLength", "at most {} characters"),
    ("pattern", "matching {}"),
    ("format", "as {}"),
    ("minItems", "{} or more items"),
    ("maxItems", "at most {} items"),
    ("minProperties", "{} or more members"),
    ("maxProperties", "at most {} members"),
)
"""Keywords of JSON Schema that narrow a value, and how to say them."""

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class SchemaLine:
    """One member: `address.street`, or `tags[]` for what a list holds. `default` may be empty."""

    name: str
    type: str
    required: bool
    description: str
    default: str
    bounds: str


@dataclass(frozen=True)
class SchemaTable:
    """A schema to be read. `text` is the schema itself, as JSON."""

    lines: list[SchemaLine]
    text: str


@dataclass(frozen=True)
class FormField:
    """One member of a flat object, for a form. `kind` is `text`, `lines`, `number`, `boolean` or `choice`."""

    name: str
    kind: str
    required: bool
    description: str
    default: str
    """As it is shown; empty for none."""
    choices: dict[str, str]
    """JSON texts, and how they are shown."""
    attributes: dict[str, str]
    """What the browser checks: `min`, `max`, `step`, `minlength`, `maxlength`."""


def make_table(schema: Schema) -> SchemaTable | None:
    """None for a schema that says nothing."""
    if not schema:
        return None
    lines = [line for line, _ in zip(_list_lines(schema), range(MOST_LINES), strict=False)]
    return SchemaTable(lines, json.dumps(schema, ensure_ascii=False, indent=2))


def make_form(schema: Schema) -> list[FormField]:
    """Fields for an object of few members that hold no others; none for all else."""
    root = _follow(schema, schema)
    members = _list_members(root)
    if root.get("type") != "object" or not 0 < len(members) <= MOST_FIELDS:
        return []
    fields = [_make_field(name, _follow(member, schema), name in _required(root)) for name, member in members]
    return [field for field in fields if field] if all(fields) else []


def _list_lines(schema: Schema) -> Iterator[SchemaLine]:
    root = _follow(schema, schema)
    if "properties" not in root:
        yield _make_line(WHOLE, root, required=True)
    yield from _list_inner(root, schema, "", DEEPEST)


def _list_inner(node: Schema, root: Schema, path: str, left: int) -> Iterator[SchemaLine]:
    if left == 0:
        return
    for name, member in _list_members(node):
        yield from _list_member(f"{path}.{name}" if path else name, member, root, name in _required(node), left)
    if isinstance(node.get("items"), dict):
        yield from _list_member(f"{path}[]", node["items"], root, False, left)


def _list_members(node: Schema) -> list[tuple[str, Any]]:
    """What is required in its order, then the others by name: PostgreSQL keeps no order of members."""
    members, required = node.get("properties"), _required(node)
    if not isinstance(members, dict):
        return []
    places = {name: place for place, name in enumerate(required) if isinstance(name, str)}
    return sorted(members.items(), key=lambda member: (places.get(member[0], len(places)), member[0]))


def _list_member(path: str, member: Any, root: Schema, required: bool, left: int) -> Iterator[SchemaLine]:
    found = _follow(member, root)
    yield _make_line(path, found, required)
    yield from _list_inner(found, root, path, left - 1)


def _make_line(name: str, node: Schema, required: bool) -> SchemaLine:
    description = " ".join(str(node[word]) for word in ("title", "description") if word in node)
    default = _cut(node["default"]) if "default" in node else ""
    return SchemaLine(name, _name_type(node), required, description, default, _name_bounds(node))


def _name_type(node: Schema) -> str:
    for word in ("oneOf", "anyOf"):
        if isinstance(node.get(word), list):
            return " or ".join(dict.fromkeys(_name_type(each) for each in node[word] if isinstance(each, dict)))
    types = node.get("type", "anything" if "enum" not in node and "const" not in node else "choice")
    return " or ".join(TYPES.get(str(each), str(each)) for each in (types if isinstance(types, list) else [types]))


def _name_bounds(node: Schema) -> str:
    said = [text.format(_cut(node[word])) for word, text in BOUNDS if word in node]
    if isinstance(node.get("enum"), list):
        said.insert(0, "one of " + ", ".join(_cut(each) for each in node["enum"]))
    if node.get("uniqueItems") is True:
        said.append("each once")
    return "; ".join(said)


def _make_field(name: str, node: Schema, required: bool) -> FormField | None:
    """None for a member that no single field can hold."""
    default = _cut(node["default"]) if "default" in node else ""
    choices = node.get("enum")
    if isinstance(choices, list) and choices and not any(isinstance(each, dict | list) for each in choices):
        texts = {json.dumps(each, ensure_ascii=False): _cut(each) for each in choices}
        return FormField(name, "choice", required, _describe(node), default, texts, {})
    if node.get("type") not in SCALARS:  # it may be a list of types
        return None
    return FormField(name, _kind_of(node), required, _describe(node), default, {}, _limit(node))


def _describe(node: Schema) -> str:
    return ". ".join(filter(None, [str(node.get("description", "")).rstrip("."), _name_bounds(node)]))


def _kind_of(node: Schema) -> str:
    if node["type"] == "boolean":
        return "boolean"
    if node["type"] in {"number", "integer"}:
        return "number"
    longest = node.get("maxLength")
    return "lines" if isinstance(longest, int) and longest > LONG_TEXT else "text"


def _limit(node: Schema) -> dict[str, str]:
    """Only what a browser understands as the schema does."""
    words = {"minimum": "min", "maximum": "max", "minLength": "minlength", "maxLength": "maxlength"}
    limits = {name: str(node[word]) for word, name in words.items() if _is_number(node.get(word))}
    if node["type"] in {"number", "integer"}:
        limits["step"] = "any" if node["type"] == "number" else "1"
    return limits


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _required(node: Schema) -> list[Any]:
    required = node.get("required")
    return required if isinstance(required, list) else []


def _follow(node: Any, root: Schema) -> Schema:
    """What a reference inside the schema stands for, with what is said beside it."""
    for _ in range(DEEPEST):
        if not isinstance(node, dict):
            return {}
        reference = node.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return node
        beside = {word: value for word, value in node.items() if word != "$ref"}
        target = _find(reference, root)
        node = {**target, **beside} if isinstance(target, dict) else beside
    return {}


def _find(reference: str, root: Schema) -> Any:
    found: Any = root
    for part in filter(None, reference.removeprefix("#").split("/")):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _cut(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
