"""JSON-LD: valid, and unable to end its own element."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from marketplace.algorithms.models import Algorithm, Version
from marketplace.organizations.models import Organization
from marketplace.web.store.structured_data import describe_algorithm, describe_store

ELEMENT = re.compile(r'<script type="application/ld\+json">([^<>&]*)</script>')


def facts_of(element: str) -> dict[str, Any]:
    """The element's content; that nothing in it can be taken for markup is part of the pattern."""
    found = ELEMENT.fullmatch(element)
    assert found
    facts: dict[str, Any] = json.loads(found[1])
    return facts


def algorithm(summary: str = "Sorts.", tags: tuple[str, ...] = ("a", "b")) -> Algorithm:
    return Algorithm(
        organization=Organization(slug="ada"),
        name="sort",
        summary=summary,
        tags=list(tags),
        updated_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


def test_the_store_can_be_searched() -> None:
    facts = facts_of(describe_store())
    assert facts["@context"] == "https://schema.org"
    assert facts["potentialAction"]["target"].endswith("/?q={words}")


def test_an_algorithm() -> None:
    facts = facts_of(describe_algorithm(algorithm(), Version(major=1, minor=2, revision=3)))
    assert facts["@type"] == "SoftwareApplication"
    assert facts["name"] == "ada/sort"
    assert facts["url"].endswith("/algorithms/ada/sort")
    assert facts["softwareVersion"] == "1.2.3"
    assert facts["keywords"] == "a, b"
    assert datetime.fromisoformat(facts["dateModified"]).year == 2026


def test_an_algorithm_without_a_version() -> None:
    assert "softwareVersion" not in facts_of(describe_algorithm(algorithm(), None))


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!-- <script>", "]]>", "a & b", '"quoted" \\', "{}{0}", "\u2028"]
)
def test_texts_of_authors_stay_texts(text: str) -> None:
    facts = facts_of(describe_algorithm(algorithm(summary=text, tags=(text,)), None))
    assert facts["description"] == facts["keywords"] == text
