"""Schemas as people read them."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from marketplace.web.store.schema_tables import MOST_LINES, make_form, make_table

ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["items", "note"],
    "properties": {
        "note": {"type": ["string", "null"], "maxLength": 500, "description": "Said to the shop."},
        "items": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/item"}},
        "pace": {"enum": ["slow", "fast"], "default": "slow"},
    },
    "$defs": {
        "item": {
            "type": "object",
            "required": ["sku"],
            "properties": {"sku": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#/$defs/item"}}},
        }
    },
}
FLAT: dict[str, Any] = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "maxLength": 5000},
        "top": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
        "loud": {"type": "boolean"},
        "pace": {"enum": ["slow", 2, None]},
    },
}
words = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "required",
        "enum",
        "anyOf",
        "$ref",
        "default",
        "minimum",
        "maxLength",
        "title",
        "#",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=3), inner, max_size=4),
    max_leaves=25,
)


def test_members_of_members_stand_below_them() -> None:
    table = make_table(ORDER)
    assert table is not None
    rows = [(line.name, line.type, line.required, line.default, line.bounds) for line in table.lines[:6]]
    assert rows == [
        ("items", "list", True, "", "1 or more items"),
        ("items[]", "object", False, "", ""),
        ("items[].sku", "text", True, "", ""),
        ("items[].parts", "list", False, "", ""),
        ("items[].parts[]", "object", False, "", ""),
        ("items[].parts[].sku", "text", True, "", ""),
    ]
    note, last = table.lines[-2:]
    assert (note.name, note.type, note.description) == ("note", "text or nothing", "Said to the shop.")
    assert (note.required, note.bounds) == (True, "at most 500 characters")
    assert (last.name, last.type, last.default, last.bounds) == ("pace", "choice", "slow", "one of slow, fast")


def test_what_is_no_object_is_one_line() -> None:
    table = make_table({"anyOf": [{"type": "string"}, {"type": "number"}], "description": "A thing."})
    assert table is not None
    assert [(line.name, line.type, line.description) for line in table.lines] == [
        ("the whole", "text or number", "A thing.")
    ]
    assert make_table({}) is None


def test_a_flat_object_is_a_form() -> None:
    fields = {field.name: field for field in make_form(FLAT)}
    assert {name: field.kind for name, field in fields.items()} == {
        "text": "lines",
        "top": "number",
        "loud": "boolean",
        "pace": "choice",
    }
    assert [name for name, field in fields.items() if field.required] == ["text"]
    assert fields["top"].attributes == {"min": "1", "max": "9", "step": "1"}
    assert (fields["top"].default, fields["pace"].choices) == ("3", {'"slow"': "slow", "2": "2", "null": "null"})
    assert list(fields) == ["text", "loud", "pace", "top"], "what is required, then by name"


def test_what_a_form_cannot_hold_has_none() -> None:
    assert make_form(ORDER) == []
    assert make_form({"type": "string"}) == []
    assert make_form({"type": "object", "properties": {f"field{n}": {"type": "string"} for n in range(21)}}) == []


@given(st.dictionaries(words, json_values, max_size=5))
def test_any_schema_is_shown(schema: dict[str, Any]) -> None:
    table = make_table(schema)
    assert table is None or len(table.lines) <= MOST_LINES
    make_form(schema)
