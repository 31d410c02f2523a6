"""Watching what runs on a running platform, in a browser, and ending it."""

import threading

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.integration.gateway.conftest import probe_reference  # noqa: F401 - a fixture
from tests.platform import RunningPlatform

LOOK_MS = 20_000


@pytest.fixture
def sleeper(platform: RunningPlatform, probe_reference: str) -> "Sleeper":  # noqa: F811 - the fixture
    return Sleeper(platform, probe_reference)


class Sleeper:
    """A call that sleeps."""

    def __init__(self, platform: RunningPlatform, reference: str) -> None:
        self.answer: httpx.Response | None = None
        self._url = f"{platform.address}/v1/algo/{reference}"
        self._headers = {"Authorization": f"Simple {platform.demo_key}"}
        self.thread = threading.Thread(target=self._call)
        self.thread.start()

    def _call(self) -> None:
        self.answer = httpx.post(self._url, json={"do": "sleep", "with": 18}, headers=self._headers, timeout=60)


def test_a_running_call_is_watched_and_ended_with_the_keyboard(
    page: Page, platform: RunningPlatform, sleeper: Sleeper
) -> None:
    page.goto(f"{platform.address}/accounts/login/?next=/console/demo/monitor")
    page.get_by_label("User name").fill(platform.demo_username)
    page.get_by_label("Password", exact=True).fill(platform.demo_password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status").get_by_text("Live.")).to_be_visible(timeout=LOOK_MS)
    calls = page.get_by_role("region", name="Calls")
    expect(calls.get_by_text("demo/probe")).to_be_visible(timeout=LOOK_MS)
    before = calls.locator("[data-label=Age]").inner_text()
    expect(calls.locator("[data-label=Age]")).not_to_have_text(before, timeout=LOOK_MS)

    page.keyboard.press("/")
    page.keyboard.type("no such algorithm")
    expect(calls.get_by_text("demo/probe")).to_be_hidden()
    page.get_by_label("Filter").fill("")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("heading", name="End this call of demo/probe?")).to_be_visible()
    page.get_by_role("button", name="End the call").click()
    expect(page.get_by_text("The call was ended.")).to_be_visible()
    sleeper.thread.join(30)
    assert sleeper.answer is not None
    assert sleeper.answer.status_code == 409
