"""A real browser: Debian's Chromium, driven by Playwright, on pytest-django's live server or on the platform."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from marketplace.accounts.models import User

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
TIMEOUT_MS = 10_000

# Playwright's synchronous interface keeps an event loop in the thread of the test, which Django takes for
# asynchronous code; it is not: the test waits for every answer.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per module: it ends before tests that need an event loop of their own."""
    executable = os.environ.get("AGORA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("There is no Chromium: apt-get install chromium, or name one in AGORA_CHROMIUM.")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor with no history."""
    made = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    made.set_default_timeout(TIMEOUT_MS)
    made.grant_permissions(["clipboard-read", "clipboard-write"])
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page; the test fails if it reports an error, a refused script or style included."""
    problems: list[str] = []
    opened = context.new_page()
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on("console", lambda message: problems.extend(_problems_of(message)))
    yield opened
    assert problems == []


@pytest.fixture
def sign_in(context: BrowserContext, live_server: object) -> Callable[[User], None]:
    """Signs a user in without the form."""

    def sign_in(user: User) -> None:
        client = Client()
        client.force_login(user)
        cookie = client.cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": str(live_server)}])

    return sign_in


def _problems_of(message: ConsoleMessage) -> list[str]:
    # A status that is an error is often what a test is about; it looks at the page for that.
    # Nor has pytest-django's live server WebSockets; tests/integration/web/live open those of a platform.
    harmless = ("Failed to load resource: the server responded with a status", "WebSocket connection to ")
    expected = message.text.startswith(harmless)
    return [message.text] if message.type == "error" and not expected else []
