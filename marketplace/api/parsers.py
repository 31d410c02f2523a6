"""Reading bodies."""

from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class BoundedJsonParser(JSONParser):
    """JSON, but for what is nested so deep that reading it would exhaust the stack."""

    def parse(self, *args: Any, **options: Any) -> Any:
        """Raises ParseError."""
        try:
            return super().parse(*args, **options)
        except RecursionError:
            raise ParseError("JSON parse error - it is nested too deep.") from None
