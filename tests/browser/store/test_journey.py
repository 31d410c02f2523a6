"""A stranger's way from a misspelt word to the bill: find, open, sign up, try, make a key, run the page's code."""

import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.platform import RunningPlatform

ANSWERED_MS = 30_000
COUNTED_SECONDS = 60
PASSWORD = "seven green bottles"


def test_from_a_misspelt_word_to_a_call_on_the_usage_page(page: Page, platform: RunningPlatform) -> None:
    page.goto(platform.address)
    page.get_by_role("searchbox").press_sequentially("text statstics")
    expect(page.locator(".algorithm-card h3").first).to_have_text("text_statistics")
    page.get_by_role("link", name="text_statistics").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("text_statistics")
    page.get_by_label("Input", exact=True).fill('"One word. Another sentence."')
    page.get_by_role("link", name="Make an account").click()
    name = sign_up(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("text_statistics")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#console-result")).to_contain_text("words", timeout=ANSWERED_MS)
    key = make_key(page, platform.address, name)
    page.goto(f"{platform.address}/algorithms/agora/text_statistics")
    page.get_by_placeholder("Paste a key").fill(key)
    assert "words" in run(platform, "bash", "-c", copy_code(page, "curl", key))
    assert "words" in run(platform, sys.executable, "-c", copy_code(page, "Python", key))
    assert count_calls(page, f"{platform.address}/console/{name}/usage?by=key") == 2


def sign_up(page: Page) -> str:
    """The name of somebody new."""
    name = f"stranger{time.monotonic_ns()}"
    page.get_by_label("E-mail address").fill(f"{name}@example.com")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password, once more").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    return name


def make_key(page: Page, address: str, name: str) -> str:
    """As the page shows it once."""
    page.goto(f"{address}/console/{name}/keys")
    page.get_by_label("New key").fill("laptop")
    page.get_by_role("button", name="Make key").click()
    page.get_by_role("button", name="Copy the key").click()
    return str(page.evaluate("navigator.clipboard.readText()"))


def copy_code(page: Page, language: str, key: str) -> str:
    """What the button copies, with the key in its place."""
    page.get_by_role("tab", name=language, exact=True).click()
    page.get_by_role("tabpanel").get_by_role("button", name="Copy this code").click()
    code = str(page.evaluate("navigator.clipboard.readText()"))
    assert key in code
    return code


def run(platform: RunningPlatform, *command: str) -> str:
    """What the code prints on somebody's machine."""
    path = f"{Path(sys.executable).parent}:{platform.environ['PATH']}"
    ran = subprocess.run(command, capture_output=True, text=True, env={"PATH": path}, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def count_calls(page: Page, address: str) -> int:
    """Calls with the key, once they have been counted."""
    deadline = time.monotonic() + COUNTED_SECONDS
    while True:
        page.goto(address)
        row = page.locator("tbody tr", has_text="laptop")
        calls = int(row.first.locator("td").first.inner_text().split()[0]) if row.count() else 0
        if calls >= 2 or time.monotonic() > deadline:
            return calls
        time.sleep(0.5)
