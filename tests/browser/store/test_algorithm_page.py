"""The page of an algorithm: sections, code in tabs, copying, by mouse and by keyboard."""

from playwright.sync_api import Page, expect

ADDRESS = "/algorithms/ada/deblur"
NAME_OF_FOCUS = """() => {
  const element = document.activeElement;
  return element.getAttribute("aria-label") || element.innerText.trim() || element.id || element.value;
}"""
SHOWS_FOCUS = """() => {
  const element = document.activeElement;
  const around = element.closest(".pane") ?? element.closest(".segments label") ?? element;
  return getComputedStyle(element, element.matches(".card-target") ? "::after" : null).outlineStyle !== "none"
    || getComputedStyle(around).boxShadow !== "none" || getComputedStyle(around).outlineStyle !== "none";
}"""

AT_THE_END = "innerHeight + scrollY >= document.documentElement.scrollHeight - 1"


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_code_is_in_tabs_that_keys_move_through(page: Page, store: str) -> None:
    page.goto(f"{store}{ADDRESS}")
    tabs = page.get_by_role("tablist", name="Language")
    expect(page.locator("#code-curl")).to_be_visible()
    expect(page.locator("#code-python")).to_be_hidden()
    tabs.get_by_role("tab", name="curl").focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.get_by_role("tab", name="Python")).to_be_focused()
    expect(page.locator("#code-python")).to_be_visible()
    expect(page.locator("#code-curl")).to_be_hidden()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(tabs.get_by_role("tab").last).to_have_attribute("aria-selected", "true")


def test_code_is_copied_as_it_stands(page: Page, store: str) -> None:
    page.goto(f"{store}{ADDRESS}")
    expect(page.locator("#code-curl .token-string").first).to_be_visible()
    button = page.locator("#panel-curl").get_by_role("button", name="Copy this code")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel-curl .copy[data-copied]")).to_be_visible()
    copied = clipboard(page)
    assert copied == page.locator("#code-curl").inner_text()
    assert copied.startswith("curl http://")
    assert copied.endswith("""-d '{"text": "The square is open."}'""")


def test_the_readme_is_coloured_but_not_changed(page: Page, store: str) -> None:
    page.goto(f"{store}{ADDRESS}")
    code = page.locator(".prose pre code")
    expect(code).to_have_text("answer = call(1)  # one\n")
    expect(code.locator(".token-comment")).to_have_text("# one")


def test_the_section_in_view_is_marked(page: Page, store: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    page.goto(f"{store}{ADDRESS}")
    current = page.locator(".section-nav [aria-current]")
    expect(current).to_have_text("Try it")
    page.locator(".section-nav").get_by_role("link", name="README").click()
    expect(current).to_have_text("README")
    expect(page.locator("#readme h2").first).to_be_in_viewport()
    page.keyboard.press("End")
    expect(current).to_have_text("Reviews")
    page.wait_for_function(AT_THE_END)  # a key that is pressed while the page still glides may be lost
    page.keyboard.press("Home")
    expect(current).to_have_text("Try it")


def test_the_keyboard_reaches_everything_in_order(page: Page, store: str) -> None:
    page.goto(f"{store}{ADDRESS}")
    seen = []
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement !== document.body"):
        seen.append(page.evaluate(NAME_OF_FOCUS))
        assert page.evaluate(SHOWS_FOCUS), seen[-1]
        page.keyboard.press("Tab")
    assert seen[0] == "Skip to the content"
    wanted = ["Explore", "Sign in", "Try it", "console-input", "Sign in to run", "curl", "More by ada", "API reference"]
    assert [name for name in dict.fromkeys(seen) if name in wanted] == wanted


def test_skipping_leads_past_the_header(page: Page, store: str) -> None:
    page.goto(f"{store}{ADDRESS}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main')")


def test_the_guide_shows_one_language_at_a_time(page: Page, store: str) -> None:
    page.goto(f"{store}/publish")
    expect(page.locator("#init-python")).to_be_visible()
    page.get_by_role("tab", name="JavaScript").click()
    expect(page.locator("#init-javascript")).to_be_visible()
    expect(page.locator("#init-python")).to_be_hidden()


def test_the_api_reference_opens(page: Page, store: str) -> None:
    page.goto(f"{store}/v1/docs")
    expect(page.get_by_text("/v1/algo/{owner}/{name}", exact=False).first).to_be_visible()
