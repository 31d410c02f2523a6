"""Which pages in browsers a key may be used from. Pure."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

REFUSAL = "This key may not be used from this page: its allow_web_algo and referer_host do not let it."


def may_use_from(headers: Mapping[str, str], *, web: bool, referer_host: str) -> bool:
    """Whether a key with these two permissions may call from the page that the Origin or Referer header names."""
    if not web or not referer_host:
        return web
    try:
        page = urlsplit(headers.get("origin") or headers.get("referer") or "")
        names = (page.hostname or "", page.netloc.lower())
    except ValueError:
        return False
    return any(name and fnmatchcase(name, referer_host.lower()) for name in names)
