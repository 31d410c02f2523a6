"""How pages look: on a phone, in the dark, with colours that can be read, and as the visitor chose."""

import io
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, Page, expect

OUTPUT = settings.REPOSITORY / "tests" / "output"
PAGES = ["/", "/?q=zzzz", "/algorithms/ada/deblur", "/owners/ada", "/publish", "/no/such/page"]
LONG = "/algorithms/ada/a_name_that_is_as_long_as_names_may_be_and_has_many_words_in_it"
READ_CONTRASTS = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [320, 390, 768])
def test_no_page_is_wider_than_the_screen(page: Page, store: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    for path in [*PAGES, LONG]:
        page.goto(f"{store}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_the_menu_of_a_phone(page: Page, store: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(store)
    expect(page.get_by_role("navigation", name="Main", exact=True)).to_be_hidden()
    page.get_by_label("Menu").click()
    expect(page.get_by_role("link", name="Publish").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".nav-small .menu-items")).to_be_hidden()
    expect(page.get_by_label("Menu")).to_be_focused()
    page.get_by_label("Menu").click()
    page.locator(".nav-small").get_by_role("link", name="Publish").click()
    expect(page).to_have_url(f"{store}/publish")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(browser: Browser, store: str, theme: str) -> None:
    context = browser.new_context(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{store}{path}")
        assert page.evaluate(READ_CONTRASTS) == [], path
    context.close()


def test_the_api_reference_is_dark_in_the_dark(browser: Browser, store: str) -> None:
    context = browser.new_context(color_scheme="dark", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{store}/v1/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert brightness(page.screenshot()) < 60
    page.get_by_label("Switch between light and dark").click()
    assert brightness(page.screenshot()) > 120
    context.close()


def test_the_theme_is_the_systems_until_the_visitor_chooses(browser: Browser, store: str) -> None:
    context = browser.new_context(color_scheme="dark", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(store)
    picture = page.screenshot()
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "store-dark.png").write_bytes(picture)
    assert brightness(picture) < 60
    page.get_by_label("Switch between light and dark").click()
    assert brightness(page.screenshot()) > 120
    page.reload()
    assert brightness(page.screenshot()) > 120
    page.goto(f"{store}/publish")
    assert page.locator("html").get_attribute("data-theme") == "light"
    context.close()


def brightness(picture: bytes) -> float:
    """The mean of all pixels, 0 to 255."""
    histogram = Image.open(io.BytesIO(picture)).convert("L").histogram()
    return sum(value * count for value, count in enumerate(histogram)) / sum(histogram)
