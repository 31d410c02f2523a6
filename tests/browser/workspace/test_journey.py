"""An author's way on a running platform, in a browser: begin, edit, commit, publish, be called, and earn."""

import time

import httpx
from playwright.sync_api import Browser, Page, expect

from tests.platform import RunningPlatform

PUBLISH_SECONDS = 60.0
PROGRAM = "def apply(input):\n    return 'edited'\n"
HOME = "/console/demo/algorithms/from_the_browser"


def sign_in(page: Page, platform: RunningPlatform) -> None:
    page.goto(f"{platform.address}/accounts/login/?next=/console/demo/new-algorithm")
    page.locator("input[name=login]").fill(platform.demo_username)
    page.locator("input[name=password]").fill(platform.demo_password)
    page.locator("input[name=password]").press("Enter")


def begin(page: Page, platform: RunningPlatform, name: str) -> None:
    sign_in(page, platform)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Language").select_option("python3")
    page.get_by_role("button", name="Create it").click()
    expect(page).to_have_url(f"{platform.address}/console/demo/algorithms/{name}/files")


def edit(page: Page, name: str, program: str, *, said: str, publish: str = "no") -> None:
    """Writes another program into its file, and commits with the keyboard."""
    page.get_by_role("link", name=f"src/{name}.py", exact=True).click()
    text = page.get_by_role("textbox", name="Text")
    expect(text).to_contain_text("def apply")
    page.evaluate("text => navigator.clipboard.writeText(text)", program)
    text.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("ControlOrMeta+V")
    page.get_by_label("What you changed").fill(said)
    page.get_by_label("Publish").select_option(publish)
    text.click()
    page.keyboard.press("ControlOrMeta+S")
    expect(page.get_by_text("Committed: it is being built.")).to_be_visible()


def test_an_algorithm_is_begun_edited_and_published(page: Page, platform: RunningPlatform) -> None:
    begin(page, platform, "from_the_browser")
    edit(page, "from_the_browser", PROGRAM, said="Answer with a word", publish="minor")
    expect(page.get_by_role("textbox", name="Text")).to_contain_text("'edited'")

    assert call_when_published(platform) == "edited"
    page.goto(f"{platform.address}{HOME}/commits")
    row = page.get_by_role("row").filter(has_text="Answer with a word")
    expect(row.get_by_text("0.1.0")).to_be_visible()
    row.get_by_role("link", name="Answer with a word").click()
    expect(page.get_by_text("+    return 'edited'")).to_be_visible()


def test_a_build_is_tried_published_priced_and_earns(page: Page, browser: Browser, platform: RunningPlatform) -> None:
    begin(page, platform, "earns")
    edit(page, "earns", "def apply(input):\n    return 10 / input\n", said="Divide")
    tabs = page.get_by_role("navigation", name="earns")
    tabs.get_by_role("link", name="Settings").click()
    page.get_by_label("Who may find and call it").select_option("public")
    page.get_by_label("Royalty of new versions").fill("0.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved:")).to_be_visible()

    tabs.get_by_role("link", name="Commits").click()
    page.get_by_role("row").filter(has_text="Divide").get_by_role("link").last.click()
    page.get_by_label("What is new").fill("It divides.", timeout=PUBLISH_SECONDS * 1000)  # once it is built
    assert call(platform, "demo/earns/" + source_of(page), platform.demo_key, 4) == 2.5
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Version 0.1.0 is published")).to_be_visible()

    key = sign_up_for_a_key(browser, platform)
    assert call(platform, "demo/earns", key, 5) == 2
    assert "division by zero" in str(call(platform, "demo/earns", key, 0))
    page.goto(f"{platform.address}/console/demo/algorithms/earns")
    see_soon(page, "0.4 credits")  # four fifths of the royalty, for the call that went well
    tabs.get_by_role("link", name="Errors").click()
    see_soon(page, "ZeroDivisionError")
    expect(page.get_by_text("return 10 / input").first).to_be_visible()


def source_of(page: Page) -> str:
    """The hash by which the page says that the build can be called."""
    return page.locator("#try-command").inner_text().split("/demo/earns/")[1].split()[0]


def sign_up_for_a_key(browser: Browser, platform: RunningPlatform) -> str:
    """A stranger's, with what a new account starts with."""
    page = browser.new_page()
    page.goto(f"{platform.address}/accounts/signup/")
    page.get_by_label("E-mail address").fill("passer_by@example.com")
    page.get_by_label("User name").fill("passer_by")
    page.get_by_label("Password", exact=True).fill("seven green bottles")
    page.get_by_label("Password, once more").fill("seven green bottles")
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("link", name="Make a key").click()
    page.get_by_label("New key").fill("laptop")
    page.get_by_role("button", name="Make key").click()
    text = page.locator("#new-key").inner_text()
    page.close()
    return text


def see_soon(page: Page, text: str) -> None:
    """Loads the page again until it says so: records come a moment after their calls."""
    deadline = time.monotonic() + PUBLISH_SECONDS
    while not page.get_by_text(text).count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.reload()


def call(platform: RunningPlatform, path: str, key: str, value: object) -> object:
    """The result, or what the error says."""
    headers = {"Authorization": f"Simple {key}"}
    answer = httpx.post(f"{platform.address}/v1/algo/{path}", json=value, headers=headers, timeout=60).json()
    return answer["result"] if "result" in answer else answer["error"]["message"]


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
