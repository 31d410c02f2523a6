"""Bodies in which answers stand as they were written."""

import json

import msgspec
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils.serializer_helpers import ReturnDict, ReturnList

from marketplace.api.renderers import RawJsonRenderer


def test_what_is_raw_stands_for_itself() -> None:
    written = RawJsonRenderer().render({"answer": msgspec.Raw(b'{"n": 1e2}'), "state": ErrorDetail("é")})
    assert written == '{"answer":{"n": 1e2},"state":"é"}'.encode()


def test_what_serializers_make_is_json() -> None:
    data = ReturnList([ReturnDict({"a": None}, serializer=None)], serializer=None)
    assert json.loads(RawJsonRenderer().render({"results": data})) == {"results": [{"a": None}]}


def test_nothing_is_nothing() -> None:
    assert RawJsonRenderer().render(None) == b""
