"""What holds on every page of the store: the policy, and markup that every visitor can use."""

import re
from typing import Any

import pytest
from django.test import Client

from marketplace.algorithms.models import Algorithm, Version
from marketplace.web.middleware import POLICY
from tests.integration.web.document import Document, Element

PAGES = [
    "/",
    "/?q=deblur",
    "/?q=zzzz",
    "/algorithms/alice/deblur",
    "/algorithms/alice/draft",
    "/owners/alice",
    "/publish",
    "/v1/docs",
    "/no/such/page",
]
USABLE = {"a", "button", "summary", "select", "input", "textarea"}
REFERENCES = ("for", "form", "aria-controls", "aria-labelledby", "aria-describedby", "data-copy")


@pytest.fixture
def responses(as_alice: Client, deblur: Version, draft: Algorithm) -> dict[str, Any]:
    """Every page, as a visitor and as the owner of what it shows gets it."""
    visitors = {"visitor": Client(), "owner": as_alice}
    return {f"{name} at {address}": client.get(address) for name, client in visitors.items() for address in PAGES}


@pytest.fixture
def pages(responses: dict[str, Any]) -> dict[str, Document]:
    return {name: Document(response) for name, response in responses.items()}


def test_the_policy_is_strict_and_nothing_goes_against_it(
    responses: dict[str, Any], pages: dict[str, Document]
) -> None:
    assert "unsafe" not in POLICY
    for name, page in pages.items():
        assert responses[name].headers["Content-Security-Policy"] == POLICY, name
        assert page.find("style") == [], name
        for element in page.elements:
            assert not {found for found in element.attributes if found == "style" or found.startswith("on")}, name
            assert element.attributes.get("src", "/").startswith("/"), name
        for script in page.find("script"):
            assert "src" in script.attributes or script.attributes["type"] == "application/ld+json", name


def test_a_page_has_a_language_a_title_and_one_heading(pages: dict[str, Document]) -> None:
    for name, page in pages.items():
        assert page.find("html")[0].attributes["lang"] == "en", name
        [title] = [found.text for found in page.find("title") if "head" in found.inside]
        assert "Agora" in title, name
        assert len(page.find("h1")) == len(page.find("main")) == 1, name
        assert page.find("a", class_="skip-link")[0].attributes["href"] == "#content", name


def test_headings_leave_no_level_out(pages: dict[str, Document]) -> None:
    for name, page in pages.items():
        levels = [int(element.tag[1]) for element in page.elements if re.fullmatch("h[1-6]", element.tag)]
        for above, level in zip([0, *levels], levels, strict=False):
            assert level <= above + 1, (name, levels)


def test_ids_are_unique_and_what_is_referred_to_is_there(pages: dict[str, Document]) -> None:
    for name, page in pages.items():
        ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
        assert len(ids) == len(set(ids)), name
        for element in page.elements:
            # The result that is copied is there when there is one.
            referred = {element.attributes.get(attribute) for attribute in REFERENCES} - {None, "console-result"}
            assert referred <= set(ids), (name, element)
            target = element.attributes.get("href", "")
            assert not target.startswith("#") or target[1:] in ids, (name, element)


def test_everything_that_can_be_used_has_a_name(pages: dict[str, Document]) -> None:
    for name, page in pages.items():
        for element in page.elements:
            if element.tag in USABLE and element.attributes.get("type") != "hidden":
                assert name_of(element, page), (name, element)
            assert element.tag != "img" or "alt" in element.attributes, (name, element)


def name_of(element: Element, page: Document) -> str:
    """What a screen reader would call it."""
    labels = [around.text for around in page.around(element) if around.tag == "label"]
    if "id" in element.attributes:
        labels += [label.text for label in page.find("label", for_=element.attributes["id"])]
    own = element.text if element.tag in {"a", "button", "summary"} else ""
    return (element.attributes.get("aria-label", "") + own + "".join(labels)).strip()


def test_landmarks_of_a_kind_have_names_of_their_own(pages: dict[str, Document]) -> None:
    for name, page in pages.items():
        for tag in ("nav", "aside"):
            names = [element.attributes.get("aria-label") for element in page.find(tag)]
            assert None not in names, name
            assert len(names) == len(set(names)), name
