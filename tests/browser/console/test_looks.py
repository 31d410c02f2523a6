"""How the pages of accounts and of the console look: on a phone, in the dark, while something goes on."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from marketplace.algorithms.models import Build, BuildState
from tests.browser import store
from tests.browser.console.conftest import Workplace

ENTRANCES = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"]
READ_CONTRASTS = (Path(store.__file__).parent / "contrast.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [320, 390, 800])
def test_no_page_is_wider_than_the_screen(as_grace: Page, workplace: Workplace, width: int) -> None:
    as_grace.set_viewport_size({"width": width, "height": 844})
    for path in workplace.pages:
        as_grace.goto(f"{workplace.address}{path}")
        assert as_grace.evaluate("document.documentElement.scrollWidth") <= width, path
    as_grace.context.clear_cookies()
    for path in ENTRANCES:
        as_grace.goto(f"{workplace.address}{path}")
        assert as_grace.evaluate("document.documentElement.scrollWidth") <= width, path


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(as_grace: Page, workplace: Workplace, theme: str) -> None:
    as_grace.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for path in workplace.pages:
        as_grace.goto(f"{workplace.address}{path}")
        assert as_grace.evaluate(READ_CONTRASTS) == [], path
    as_grace.context.clear_cookies()
    for path in ENTRANCES:
        as_grace.goto(f"{workplace.address}{path}")
        assert as_grace.evaluate(READ_CONTRASTS) == [], path


def test_on_a_phone_the_menu_shows_where_one_is(as_grace: Page, workplace: Workplace) -> None:
    as_grace.set_viewport_size({"width": 390, "height": 844})
    as_grace.goto(workplace.at("/audit"))
    expect(as_grace.locator(".side-nav [aria-current=page]")).to_be_in_viewport(ratio=1)


def test_on_a_phone_a_call_shows_what_it_cost(as_grace: Page, workplace: Workplace) -> None:
    as_grace.set_viewport_size({"width": 390, "height": 844})
    as_grace.goto(workplace.at("/calls"))
    row = as_grace.locator("tbody tr").first
    for cell in row.locator("th, td").all():
        expect(cell).to_be_in_viewport(ratio=1)


def test_every_page_has_one_heading_and_names_for_what_can_be_pressed(as_grace: Page, workplace: Workplace) -> None:
    pressed = "[...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]"
    name = "((e.ariaLabel ?? '') + (e.labels?.[0]?.textContent ?? '') + e.textContent).trim()"
    nameless = f"{pressed}.filter(e => !{name}).map(e => e.outerHTML)"
    for path in workplace.pages:
        as_grace.goto(f"{workplace.address}{path}")
        assert as_grace.locator("h1").count() == 1, path
        assert as_grace.evaluate(nameless) == [], path


def test_a_build_is_seen_to_end(as_grace: Page, workplace: Workplace) -> None:
    as_grace.goto(workplace.at(f"/algorithms/slow/builds/{workplace.going_on.id}"))
    expect(as_grace.locator(".build")).to_contain_text("building")
    Build.objects.filter(pk=workplace.going_on.pk).update(state=BuildState.FAILED, log="step 1\n", error="No room.")
    expect(as_grace.locator(".build")).to_contain_text("No room.")
    expect(as_grace.locator("#build-log")).to_have_text("step 1\n")


def test_without_javascript_every_page_is_there(browser: Browser, workplace: Workplace) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{workplace.address}/accounts/login/?next=/console/lab")
    page.get_by_label("User name or e-mail address").fill("grace")
    page.get_by_label("Password").fill("correct horse battery")
    page.keyboard.press("Enter")
    expect(page).to_have_url(workplace.at(""))
    for path in workplace.pages:
        response = page.goto(f"{workplace.address}{path}")
        assert response is not None
        assert response.status == 200
        assert page.locator("h1").is_visible(), path
    context.close()
