"""An administrator on a running platform, in two browsers: invite, a role, a scoped key, a budget, the audit log."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, TIMEOUT_MS
from tests.platform import RunningPlatform

PASSWORD = "seven green bottles"
GRANT = """
import sys, uuid, django
django.setup()
from billing import api as billing
from marketplace.organizations.models import Organization
workshop = Organization.objects.get(slug="workshop")
billing.grant_credits(grant_id=uuid.uuid4(), organization_id=workshop.id, amount=billing.CREDIT, cause="A test")
"""
WAIT_SECONDS = 20.0


@pytest.fixture
def invited(browser: Browser) -> Iterator[Page]:
    """The browser of somebody who was never here."""
    context: BrowserContext = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT_MS)
    yield context.new_page()
    context.close()


def test_from_an_invitation_to_a_spent_budget_and_the_audit_log(
    page: Page, invited: Page, platform: RunningPlatform
) -> None:
    make_organization(page, platform)
    page.get_by_label("Add someone").fill("eve@example.com")
    page.get_by_label("As").select_option("developer")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("eve@example.com is invited.")).to_be_visible()

    join(invited, platform)
    row = page.get_by_role("row").filter(has_text="eve_of_the_workshop")
    page.reload()
    expect(row.get_by_text("developer", exact=True)).to_be_visible()

    key = make_scoped_key(invited, platform)
    assert call(platform, key, "agora/text_statistics", until=403)["message"] == (
        "This key may not call this algorithm: its algo_acl does not name it."
    )
    call(platform, key, "agora/hello", until=200)
    get_approval(page, invited, platform, key)
    set_budget(page, platform)
    assert call(platform, key, "agora/hello", until=402)["message"] == "The budget of this key for this day is spent."
    expect_spent(page, platform)
    expect_audit(page, platform)
    invited.goto(f"{platform.address}/console/workshop/audit")
    expect(invited.get_by_text("You may not read the audit log in workshop")).to_be_visible()


def make_organization(page: Page, platform: RunningPlatform) -> None:
    page.goto(f"{platform.address}/accounts/login/?next=/console/new")
    page.get_by_label("User name").fill(platform.demo_username)
    page.get_by_label("Password", exact=True).fill(platform.demo_password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name", exact=True).fill("The Workshop")
    page.get_by_label("Name in addresses").fill("workshop")
    page.get_by_role("button", name="Make organization").click()
    expect(page.get_by_text("The Workshop is ready: add its members.")).to_be_visible()
    subprocess.run([sys.executable, "-c", GRANT], env=platform.environ, check=True)


def join(invited: Page, platform: RunningPlatform) -> None:
    """As the mail says, with a new account."""
    invited.goto(platform.address + find_link(platform))
    expect(invited.get_by_text("asks you to become developer of workshop")).to_be_visible()
    invited.get_by_role("main").get_by_role("link", name="Sign up").click()
    invited.get_by_label("E-mail address").fill("eve@example.com")
    invited.get_by_label("User name").fill("eve_of_the_workshop")
    invited.get_by_label("Password", exact=True).fill(PASSWORD)
    invited.get_by_label("Password, once more").fill(PASSWORD)
    invited.get_by_role("button", name="Create account").click()
    invited.get_by_role("button", name="Join The Workshop").click()
    expect(invited.get_by_text("You are a member of The Workshop now.")).to_be_visible()
    expect(invited.get_by_text("you are developer")).to_be_visible()


def find_link(platform: RunningPlatform) -> str:
    """The path of the newest invitation that was mailed: the platform has no mail server, and prints its mail."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        mails = "\n".join(
            log.read_text("utf-8", "replace") for log in sorted((platform.home / "logs").glob("web*.log"))
        )
        if found := re.findall(r"https?://[^/\s]+(/invitations/\S+)", mails):
            return str(found[-1])
        assert time.monotonic() < deadline, "nothing was mailed"
        time.sleep(0.1)


def make_scoped_key(invited: Page, platform: RunningPlatform) -> str:
    invited.goto(f"{platform.address}/console/workshop/keys")
    invited.get_by_label("New key").fill("nightly job")
    invited.get_by_text("What it may do").click()
    invited.get_by_label("Which algorithms").fill("agora/hello")
    invited.get_by_label("Manage algorithms, members and keys").uncheck()
    invited.get_by_role("button", name="Make key").click()
    text = invited.locator("#new-key").inner_text()
    invited.get_by_role("link", name="Give it a budget or a rate").click()
    expect(invited.get_by_role("heading", name="nightly job")).to_be_visible()
    expect(invited.get_by_text("algo://agora/hello/*")).to_be_visible()
    expect(invited.get_by_text("Owners, admins and billing members can set one")).to_be_visible()
    return text


def get_approval(page: Page, invited: Page, platform: RunningPlatform, key: str) -> None:
    """Only approved algorithms may be called: now and later the call is refused, until it is asked for and approved."""
    page.get_by_role("link", name="Catalog").click()
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_text("Approved algorithms only may be called from now on.")).to_be_visible()
    refusal = call(platform, key, "agora/hello", until=403)["message"]
    assert refusal.startswith(
        "agora/hello is not approved in workshop, which calls approved algorithms only: ask for it"
    )
    assert call(platform, key, "agora/hello?output=void", until=403)["message"] == refusal
    invited.goto(f"{platform.address}/console/workshop/catalog")
    invited.get_by_label("Find an algorithm").fill("hello")
    invited.get_by_role("button", name="Find").click()
    form = invited.locator("form").filter(has=invited.get_by_role("button", name="Ask for agora/hello"))
    form.get_by_label("What you need it for").fill("It greets our guests.")
    form.get_by_role("button", name="Ask for agora/hello").click()
    expect(invited.get_by_text("agora/hello is asked for: owners and admins are told.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("It greets our guests.")).to_be_visible()
    page.get_by_role("button", name="Approve agora/hello").click()
    expect(page.get_by_text("agora/hello is approved.")).to_be_visible()
    call(platform, key, "agora/hello", until=200)


def set_budget(page: Page, platform: RunningPlatform) -> None:
    """The smallest that there is, for today: what was called has spent it."""
    page.goto(f"{platform.address}/console/workshop/keys")
    page.get_by_role("link", name="nightly job", exact=True).click()
    page.get_by_label("Period").select_option("day")
    page.get_by_label("Credits").fill("0.000001")
    page.get_by_role("button", name="Set budget").click()
    expect(page.get_by_text("The budget holds from now on.")).to_be_visible()


def expect_spent(page: Page, platform: RunningPlatform) -> None:
    page.goto(f"{platform.address}/console/workshop/keys")
    page.get_by_role("link", name="nightly job", exact=True).click()
    expect(page.get_by_text("spent: calls stop")).to_be_visible()


def expect_audit(page: Page, platform: RunningPlatform) -> None:
    """All of it, each in a line that says who did it to what."""
    page.get_by_role("link", name="Audit log").click()
    log = page.get_by_role("region", name="Audit log")
    for who, did, what in [
        (platform.demo_username, "invited", "eve@example.com"),
        ("eve_of_the_workshop", "accepted the invitation of", "eve@example.com"),
        ("eve_of_the_workshop", "made the key", "nightly job"),
        (platform.demo_username, "allowed approved algorithms only in", "workshop"),
        ("eve_of_the_workshop", "asked for", "agora/hello"),
        (platform.demo_username, "approved", "agora/hello"),
        (platform.demo_username, "set the budget of", "nightly job"),
    ]:
        row = log.get_by_role("row").filter(has=page.get_by_text(did, exact=True)).filter(has_text=what)
        expect(row.get_by_text(who, exact=True)).to_be_visible()
    expect(log.get_by_role("row").filter(has_text="made the key").get_by_text("algo://agora/hello/*")).to_be_visible()


def call(platform: RunningPlatform, key: str, reference: str, *, until: int) -> dict[str, str]:
    """The error, if any, of the first answer with that status: the gateways hear of changes within a second."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        headers = {"Authorization": f"Simple {key}"}
        answer = httpx.post(f"{platform.address}/v1/algo/{reference}", json="Eve", headers=headers, timeout=60)
        if answer.status_code == until:
            return dict(answer.json().get("error", {}))
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
