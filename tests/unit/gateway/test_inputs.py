"""A request's body as the line that a runner reads."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.gateway.errors import BadRequest, UnsupportedContent
from marketplace.gateway.inputs import kind_of, write_request

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def line_of(kind: str, body: bytes, token: str | None = None) -> dict[str, object]:
    line = write_request(kind, body, call_id="id-1", token=token)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    read = json.loads(line)
    assert read["id"] == "id-1"
    assert read["content_type"] == kind
    return read


@given(json_values, st.sampled_from([None, 1, "\r\n"]), st.booleans())
def test_any_json_comes_through_as_it_is(value: object, indent: int | str | None, ascii_only: bool) -> None:
    body = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    try:
        encoded = body.encode()
    except UnicodeEncodeError:
        return
    try:
        assert line_of("json", encoded)["data"] == value
    except BadRequest:  # half of a surrogate pair, which is no character
        assert "\\ud" in body.lower()


@given(st.text())
def test_any_text_comes_through_as_it_is(text: str) -> None:
    assert line_of("text", text.encode())["data"] == text


@given(st.binary())
def test_any_bytes_come_through_as_they_are(body: bytes) -> None:
    assert base64.b64decode(str(line_of("binary", body)["data"])) == body


def test_a_token_is_sent_to_those_who_get_one() -> None:
    assert line_of("json", b"1", token="agora1.x.y")["token"] == "agora1.x.y"
    assert "token" not in line_of("json", b"1")


def test_great_integers_keep_their_digits() -> None:
    assert b'"data":123456789012345678901234567890' in write_request(
        "json", b"123456789012345678901234567890", call_id="i", token=None
    )


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,", b'{"a":1}}', b'"\xff"', b"\xff\xfe", b"NaN", b"'x'", b"\x00", b'"a\nb"', b"[" * 100_000]
)
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(BadRequest, match="JSON"):
        write_request("json", body, call_id="i", token=None)


def test_what_is_not_text() -> None:
    with pytest.raises(BadRequest, match="UTF-8"):
        write_request("text", b"\xff", call_id="i", token=None)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (b"application/json", "json"),
        (b"Application/JSON; charset=utf-8", "json"),
        (b"text/plain;charset=UTF-8", "text"),
        (b"application/text", "text"),
        (b"application/octet-stream", "binary"),
    ],
)
def test_content_types(header: bytes, kind: str) -> None:
    assert kind_of(header) == kind


@pytest.mark.parametrize("header", [b"", b"image/png", b"json", b"application/json-patch+json", b"\xff"])
def test_content_types_that_no_algorithm_takes(header: bytes) -> None:
    with pytest.raises(UnsupportedContent):
        kind_of(header)
