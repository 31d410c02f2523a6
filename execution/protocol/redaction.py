"""Takes secrets out of what programs print and say: their exact values, and the same as base64 and in URLs.

What somebody cuts up or encrypts gets past this: it keeps secrets from being shown by mistake, not from being sent.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Characters. A shorter value would stand in many a word that is no secret."""
MARK = "[secret]"


class Redactor:
    """Made once of the values; cheap to ask when there are none."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values if len(value) >= SHORTEST for form in _forms_of(value)}
        ordered = sorted(forms, key=len, reverse=True)  # one may be the beginning of another
        self._pattern = re.compile(b"|".join(re.escape(form.encode()) for form in ordered)) if forms else None

    def strip(self, text: bytes) -> bytes:
        """The same without them."""
        return text if self._pattern is None else self._pattern.sub(MARK.encode(), text)

    def strip_text(self, text: str) -> str:
        """The same without them."""
        return text if self._pattern is None else self.strip(text.encode(errors="replace")).decode()


def _forms_of(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]  # as errors quote it
    yield quote(value)
    yield quote(value, safe="")
    yield quote_plus(value)
    content = value.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(content).decode().rstrip("=")
