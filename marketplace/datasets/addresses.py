"""What names a place in hosted data: the addresses that are ours, and the names that they may hold. Pure."""

import unicodedata

from marketplace.datasets.models import LONGEST_NAME, LONGEST_PATH
from marketplace.errors import InvalidInput

PREFIXES = ("/v1/connector/data", "/v1/data")
"""Both mean the same."""


def split_names(text: str) -> tuple[str, ...]:
    """The names of `owner/collection/file`; none for the root. Raises InvalidInput."""
    stripped = text.strip("/")
    names = tuple(stripped.split("/")) if stripped else ()
    for name in names:
        check_name(name, "path")
    return names


def check_name(name: object, field: str) -> str:
    """One name of a path. Raises InvalidInput."""
    if not isinstance(name, str) or not name or "/" in name or name in {".", ".."}:
        raise InvalidInput(field, "A name in a path must not be empty, `.` or `..`, nor hold a slash.")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise InvalidInput(field, "A name must not hold control characters.")
    if len(name.encode()) > LONGEST_NAME:
        raise InvalidInput(field, f"A name has at most {LONGEST_NAME} bytes.")
    return name


def join_path(*names: str) -> str:
    """A directory's path. Raises InvalidInput."""
    path = "/".join(name for name in names if name)
    if len(path.encode()) > LONGEST_PATH:
        raise InvalidInput("path", f"A path has at most {LONGEST_PATH} bytes.")
    return path
