"""Looking for algorithms: by words, tags, order, with and without JavaScript."""

import re

from playwright.sync_api import Browser, Page, expect


def test_results_follow_what_is_typed(page: Page, store: str) -> None:
    page.goto(store)
    page.get_by_role("searchbox").press_sequentially("shaking")
    expect(page.locator(".algorithm-card h3")).to_have_text(["deblur"])
    expect(page).to_have_url(f"{store}/?q=shaking")
    expect(page.get_by_role("status")).to_have_text("1 algorithm")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").fill("zzzz")
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()


def test_letters_are_no_places_to_come_back_to_but_choices_are(page: Page, store: str) -> None:
    page.goto(f"{store}/publish")
    page.get_by_role("link", name="Explore").first.click()
    page.get_by_role("searchbox").press_sequentially("picture")
    expect(page).to_have_url(f"{store}/?q=picture")
    page.locator(".chip", has_text="color").click()
    expect(page).to_have_url(f"{store}/?q=picture&tag=color")
    expect(page.locator(".algorithm-card h3")).to_have_text(["palette"])
    expect(page.locator(".chip[aria-current=true]")).to_contain_text("color")
    page.go_back()
    expect(page).to_have_url(f"{store}/?q=picture")
    expect(page.get_by_role("searchbox")).to_have_value("picture")
    expect(page.locator(".chip[aria-current=true]")).to_have_text("All")
    page.go_back()
    expect(page).to_have_url(f"{store}/publish")


def test_language_and_order(page: Page, store: str) -> None:
    page.goto(store)
    page.get_by_label("Language").select_option("javascript")
    expect(page).to_have_url(f"{store}/?language=javascript")
    expect(page.locator(".algorithm-card")).to_have_count(2)
    page.get_by_label("Order").select_option("name")
    expect(page).to_have_url(f"{store}/?language=javascript&sort=name")
    expect(page.locator(".algorithm-card h3")).to_have_text(["palette", "translate"])


def test_the_focus_stays_where_it_was_chosen(page: Page, store: str) -> None:
    page.goto(store)
    chip = page.locator(".chip", has_text="text")
    chip.focus()
    chip.press("Enter")
    expect(page.locator(".algorithm-card")).to_have_count(2)
    expect(page.locator(".chip", has_text="text")).to_be_focused()


def test_a_card_is_a_link_as_a_whole(page: Page, store: str) -> None:
    page.goto(f"{store}/?q=deblur")
    page.locator(".algorithm-card").click(position={"x": 200, "y": 100})
    expect(page).to_have_url(f"{store}/algorithms/ada/deblur")
    page.go_back()
    page.locator(".algorithm-card .owner").click()
    expect(page).to_have_url(f"{store}/owners/ada")


def test_the_search_of_other_pages_leads_to_the_store(page: Page, store: str) -> None:
    page.goto(f"{store}/publish")
    page.get_by_role("searchbox").fill("german")
    page.get_by_role("searchbox").press("Enter")
    expect(page).to_have_url(f"{store}/?q=german")
    expect(page.locator(".algorithm-card h3")).to_have_text(["translate"])


def test_everything_can_be_found_without_javascript(browser: Browser, store: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(store)
    page.locator("#search").fill("german")
    page.locator("#language").select_option("javascript")
    page.get_by_role("button", name="Search").click()
    expect(page).to_have_url(re.compile(r"\?q=german&.*language=javascript"))
    expect(page.locator(".algorithm-card h3")).to_have_text(["translate"])
    page.locator(".chip", has_text="All").click()
    page.get_by_role("link", name="image 3").click()
    expect(page.get_by_role("heading", name="Nothing fits")).to_be_visible()
    expect(page.locator(".algorithm-card")).to_have_count(0)
    page.goto(f"{store}/algorithms/ada/deblur")
    assert page.locator("#code-curl").is_visible()
    assert page.locator("#code-javascript").is_visible(), "without tabs, every panel shows"
    assert not page.locator(".theme-switch, .copy").first.is_visible()
    assert page.locator("noscript p").is_visible()
    context.close()
