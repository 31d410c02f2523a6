"""Which pages a key may be used from."""

import pytest

from marketplace.directory.sites import may_use_from


@pytest.mark.parametrize(
    ("web", "pattern", "headers", "may"),
    [
        (True, "", {}, True),
        (False, "", {"origin": "https://a.example"}, False),
        (True, "a.example", {"origin": "https://a.example"}, True),
        (True, "A.example", {"origin": "https://a.EXAMPLE:8443"}, True),
        (True, "a.example:8443", {"origin": "https://a.example:8443"}, True),
        (True, "a.example", {"referer": "https://a.example/page?x"}, True),
        (True, "*.example", {"origin": "https://b.example"}, True),
        (True, "a.example", {"origin": "https://a.example.evil"}, False),
        (True, "a.example", {"origin": "https://b.example", "referer": "https://a.example/"}, False),
        (True, "a.example", {}, False),
        (True, "a.example", {"origin": "null"}, False),
        (True, "a.example", {"origin": "https://[broken"}, False),
    ],
)
def test_pages(web: bool, pattern: str, headers: dict[str, str], may: bool) -> None:
    assert may_use_from(headers, web=web, referer_host=pattern) == may
