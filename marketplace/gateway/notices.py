"""What a caller is told besides the answer: that the version is deprecated. Pure."""

from typing import NamedTuple

import msgspec

from marketplace.directory.entries import VersionEntry


class Notice(NamedTuple):
    """In the answer's headers (RFC 9745 and RFC 9111), and in its metadata."""

    headers: bytes
    """Lines, each with its end."""
    deprecated: bytes
    """The text as JSON."""


def notice_of(version: VersionEntry) -> Notice | None:
    """None for a version that callers may go on using."""
    if not version.deprecated_at:
        return None
    text = version.deprecation or f"Version {version.number} is deprecated."
    quoted = " ".join(text.split()).encode("ascii", "replace").decode().translate({34: "'", 92: "/"})
    headers = f'deprecation: @{int(version.deprecated_at)}\r\nwarning: 299 agora "{quoted}"\r\n'
    return Notice(headers.encode(), msgspec.json.encode(text))
