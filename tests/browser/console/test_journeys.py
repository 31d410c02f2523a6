"""What people do first: sign up, make a key, copy it, revoke it; with a mouse, with a keyboard, without JavaScript."""

from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, expect

from marketplace.organizations.models import ApiKey
from marketplace.organizations.selectors import find_api_key
from tests.browser.console.conftest import Workplace

PASSWORD = "seven green bottles"


def fill_sign_up(page: Page, address: str) -> None:
    cache.clear()  # tries of other tests
    page.goto(f"{address}/accounts/signup/")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("User name").fill("ada")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)


def test_from_signing_up_to_a_key_and_its_end(page: Page, live_server: Any) -> None:
    fill_sign_up(page, str(live_server))
    page.get_by_role("button", name="Create account").click()
    expect(page).to_have_url(f"{live_server}/console/ada")
    expect(page.get_by_text("10,000")).to_be_visible()
    page.get_by_role("link", name="Make a key").click()
    page.get_by_label("New key").fill("laptop")
    page.get_by_role("button", name="Make key").click()
    page.get_by_role("button", name="Copy the key").click()
    text = str(page.evaluate("navigator.clipboard.readText()"))
    assert find_api_key(text=text) is not None
    expect(page.locator("#key-login")).to_have_text(f"agora login --address http://127.0.0.1:8000 --key {text}")
    page.reload()
    expect(page.locator("#new-key")).to_have_count(0)
    assert ApiKey.objects.count() == 1, "loading the page again must not make another key"
    page.get_by_role("link", name="Revoke laptop").click()
    page.get_by_role("link", name="Keep it").click()
    page.get_by_role("link", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke laptop").click()
    expect(page.get_by_text("revoked", exact=True)).to_be_visible()
    assert find_api_key(text=text) is None
    expect(page).to_have_url(f"{live_server}/console/ada/keys")


def test_the_keyboard_is_enough(page: Page, live_server: Any) -> None:
    fill_sign_up(page, str(live_server))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_server}/console/ada")
    tab_to(page, "Make a key")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_server}/console/ada/keys")
    tab_to(page, "New key")
    page.keyboard.type("laptop")
    page.keyboard.press("Enter")
    expect(page.locator("#new-key")).to_be_visible()
    tab_to(page, "Revoke laptop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Revoke laptop")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("revoked", exact=True)).to_be_visible()


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the element of that name has the focus, and sees that the eye finds it too."""
    for _ in range(60):
        page.keyboard.press("Tab")
        found = page.evaluate(
            "(() => { const at = document.activeElement; const style = getComputedStyle(at);"
            " return [at.ariaLabel || at.labels?.[0]?.innerText || at.innerText || '', style.outlineStyle]; })()"
        )
        if found[0].strip() == name:
            assert found[1] == "solid"
            return
    pytest.fail(f"Tab does not reach {name}")


def test_without_javascript_a_key_is_made_and_revoked(browser: Browser, live_server: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    fill_sign_up(page, str(live_server))
    page.get_by_role("button", name="Create account").click()
    page.goto(f"{live_server}/console/ada/keys")
    page.get_by_label("New key").fill("laptop")
    page.get_by_role("button", name="Make key").click()
    text = page.locator("#new-key").inner_text()
    assert find_api_key(text=text) is not None
    page.get_by_role("link", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_text("The key laptop is revoked.")).to_be_visible()
    assert find_api_key(text=text) is None
    context.close()


def test_a_key_without_a_name_is_refused_in_place(as_grace: Page, workplace: Workplace) -> None:
    as_grace.goto(workplace.at("/keys"))
    as_grace.get_by_role("button", name="Make key").click()
    expect(as_grace.get_by_text("Give the key a name.")).to_be_visible()
    assert ApiKey.objects.count() == 1


def test_the_menu_of_the_header_leads_everywhere(as_grace: Page, workplace: Workplace) -> None:
    as_grace.goto(f"{workplace.address}/publish")
    for name, path in {
        "Console": "/console/grace",
        "API keys": "/console/grace/keys",
        "Balance": "/console/grace/balance",
        "Account": "/accounts/email/",
    }.items():
        as_grace.locator(".account-button").click()
        as_grace.locator(".site-header .menu-items").get_by_role("link", name=name, exact=True).click()
        expect(as_grace).to_have_url(f"{workplace.address}{path}")
    as_grace.locator(".account-button").click()
    as_grace.get_by_role("button", name="Sign out").click()
    expect(as_grace.get_by_text("You are signed out.")).to_be_visible()


def test_one_switches_between_organizations(as_grace: Page, workplace: Workplace) -> None:
    as_grace.goto(workplace.at("/calls"))
    switcher = as_grace.locator(".switcher")
    switcher.locator("summary").click()
    as_grace.keyboard.press("Escape")
    expect(switcher.get_by_role("link", name="grace")).to_be_hidden()
    expect(switcher.locator("summary")).to_be_focused()
    as_grace.keyboard.press("Enter")
    switcher.get_by_role("link", name="grace").click()
    expect(as_grace).to_have_url(f"{workplace.address}/console/grace")


def test_a_whole_row_leads_to_the_call(as_grace: Page, workplace: Workplace) -> None:
    as_grace.goto(workplace.at("/calls"))
    place = as_grace.get_by_role("row").nth(1).get_by_text("cancelled").bounding_box()
    assert place is not None
    as_grace.mouse.click(place["x"] + 2, place["y"] + 2)
    expect(as_grace.get_by_text("The caller hung up before the answer")).to_be_visible()
