"""What no template may hold: the content security policy would refuse it, and the page would look or act wrong."""

import re
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = settings.REPOSITORY / "frontend" / "templates"
TEMPLATES = sorted(FOLDER.rglob("*.html"))
ICONS = set(re.findall(r'<symbol id="([\w-]+)"', (FOLDER.parent / "static" / "icons.svg").read_text(encoding="utf-8")))

every_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(FOLDER)))


@every_template
def test_no_style_and_no_script_inside(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on|hx-vals=.js:", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@every_template
def test_nothing_from_other_sites(template: Path) -> None:
    loads = re.findall(r'<(?:img|script|link|iframe|source)[^>]*(?:src|href)="([^"]*)"', template.read_text("utf-8"))
    assert not [address for address in loads if address.startswith(("http:", "https:", "//"))]


@every_template
def test_pictures_exist(template: Path) -> None:
    assert set(re.findall(r'{% icon "([\w-]+)"', template.read_text(encoding="utf-8"))) <= ICONS


@every_template
def test_links_that_open_elsewhere_keep_this_page_to_themselves(template: Path) -> None:
    for tag in re.findall(r"<a [^>]*\starget=[^>]*>", template.read_text(encoding="utf-8")):
        assert "noopener" in tag
