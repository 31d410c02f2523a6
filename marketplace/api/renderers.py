"""Writing bodies."""

from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer


class RawJsonRenderer(JSONRenderer):
    """JSON in which a `msgspec.Raw` stands for itself: answers of algorithms come out as they were written."""

    def render(self, data: Any, *_: object) -> bytes:
        return b"" if data is None else _encoder.encode(data)


def _simplify(value: object) -> object:
    """What DRF makes of a serializer's data are dicts, lists and texts of its own."""
    return dict(value) if isinstance(value, dict) else list(value) if isinstance(value, list) else str(value)


_encoder = msgspec.json.Encoder(enc_hook=_simplify)
