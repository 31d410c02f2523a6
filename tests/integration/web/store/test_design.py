"""The page of the design system: whoever makes pages finds every token and picture there."""

import re

from django.conf import settings
from django.test import Client

from marketplace.web.store.design import COLOURS, ICONS
from tests.integration.web.document import Document

FRONT_END = settings.REPOSITORY / "frontend"


def test_it_is_for_people_who_are_signed_in(anonymous: Client, as_bob: Client) -> None:
    assert anonymous.get("/design").status_code == 302
    page = Document(as_bob.get("/design"))
    assert page.find("meta", name="robots")[0].attributes["content"] == "noindex"
    assert len(page.find("p", class_="field-error")) == 3
    assert len(page.find("div", class_="message")) == 4


def test_no_picture_and_no_colour_is_left_out() -> None:
    icons = re.findall(r'<symbol id="(\w+)"', (FRONT_END / "static" / "icons.svg").read_text(encoding="utf-8"))
    assert sorted(icons) == sorted(ICONS)
    tokens = (FRONT_END / "src" / "styles" / "tokens.css").read_text(encoding="utf-8")
    colours = set(re.findall(r"--([\w-]+): light-dark\(", tokens)) - {"focus", "accent-ink"}
    assert set(COLOURS) <= colours
    styles = (FRONT_END / "src" / "styles" / "pages" / "design.css").read_text(encoding="utf-8")
    assert [colour for colour in COLOURS if f".swatch-{colour} " not in styles] == []
