"""An author's way on a running platform, in a browser: begin, edit, commit, and the version answers calls."""

import time

import httpx
from playwright.sync_api import Page, expect

from tests.platform import RunningPlatform

PUBLISH_SECONDS = 60.0
PROGRAM = "def apply(input):\n    return 'edited'\n"
HOME = "/console/demo/algorithms/from_the_browser"


def test_an_algorithm_is_begun_edited_and_published(page: Page, platform: RunningPlatform) -> None:
    page.goto(f"{platform.address}/accounts/login/?next=/console/demo/new-algorithm")
    page.locator("input[name=login]").fill(platform.demo_username)
    page.locator("input[name=password]").fill(platform.demo_password)
    page.locator("input[name=password]").press("Enter")
    page.get_by_label("Name").fill("from_the_browser")
    page.get_by_label("Language").select_option("python3")
    page.get_by_role("button", name="Create it").click()
    expect(page).to_have_url(f"{platform.address}{HOME}/files")

    page.get_by_role("link", name="src/from_the_browser.py", exact=True).click()
    text = page.get_by_role("textbox", name="Text")
    expect(text).to_contain_text("def apply")
    page.evaluate("text => navigator.clipboard.writeText(text)", PROGRAM)
    text.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("ControlOrMeta+V")
    page.get_by_label("What you changed").fill("Answer with a word")
    page.get_by_label("Publish").select_option("minor")
    text.click()
    page.keyboard.press("ControlOrMeta+S")
    expect(page.get_by_text("Committed: it is being built.")).to_be_visible()
    expect(page.get_by_role("textbox", name="Text")).to_contain_text("'edited'")

    assert call_when_published(platform) == "edited"
    page.goto(f"{platform.address}{HOME}/commits")
    row = page.get_by_role("row").filter(has_text="Answer with a word")
    expect(row.get_by_text("0.1.0")).to_be_visible()
    row.get_by_role("link", name="Answer with a word").click()
    expect(page.get_by_text("+    return 'edited'")).to_be_visible()


def call_when_published(platform: RunningPlatform) -> object:
    """The first answer of a version of it."""
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    deadline = time.monotonic() + PUBLISH_SECONDS
    while True:
        answer = httpx.post(f"{platform.address}/v1/algo/demo/from_the_browser", json=1, headers=headers, timeout=60)
        if answer.status_code == 200:
            return answer.json()["result"]
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.2)
