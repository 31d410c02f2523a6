"""Every page of the URL configuration, as its owner sees it: axe, markup, layout shift, and a picture to look at.

`make browser` installs what this needs (tests/browser/package.json) and asks for it; `make test` leaves it out. The
pictures, on a phone and on a desk, in light and dark, are in tests/output/pages.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from playwright.sync_api import Browser, BrowserContext, Page

from billing.metering.models import CallRecord
from billing.payments.models import Invoice, Payment
from marketplace.accounts.models import User
from marketplace.algorithms.models import Build, Version
from marketplace.organizations.models import ApiKey, Team
from marketplace.reviews.models import Report
from marketplace.reviews.services import write_review
from tests.browser.console.conftest import LONG_NAME, Workplace
from tests.factories.calls import record_calls
from tests.factories.people import make_user, scope_of

TOOLS = Path(__file__).parent.parent / "node_modules"
PICTURES = settings.REPOSITORY / "tests" / "output" / "pages"
AXE = TOOLS / "axe-core" / "axe.min.js"
VALIDATOR = TOOLS / "vnu-jar" / "build" / "dist" / "vnu.jar"
OTHERS = ("admin/", "v1/", "static/")
"""Not pages of ours: Django's administration but for some, the API."""
MORE = [
    "",
    "reviews/report/",
    "algorithms/algorithm/",
    "algorithms/feature/add/",
    "audit/auditevent/",
    "accounts/user/",
]
"""Of the administration: each kind of page."""
LIVE = {"/monitor", "/console/lab/monitor"}
"""Their content comes by a connection, and moves what is below it whenever something starts or ends."""
LOOKS = [(theme, width) for theme in ("light", "dark") for width in (390, 1280)]
RUN_AXE = """async () => (await axe.run({resultTypes: ["violations"]})).violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .flatMap(({id, nodes}) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`))"""
# Below a thousandth is a letter's width in the header, when the font comes in the tenth of a second that it may.
READ_SHIFT = """() => new Promise((resolve) => {
    const moved = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            if (entry.hadRecentInput || entry.value < 0.001) continue;
            moved.push(...entry.sources.map(({node}) => node?.outerHTML?.slice(0, 90)));
        }
    }).observe({type: "layout-shift", buffered: true});
    setTimeout(() => resolve(moved), 50);
})"""

SignIn = Callable[[BrowserContext], None]

pytestmark = [
    pytest.mark.skipif("AGORA_EVERY_PAGE" not in os.environ, reason="make browser runs it"),
    pytest.mark.timeout(1200),
]


@pytest.fixture
def addresses(workplace: Workplace, client: Client) -> list[str]:
    """The paths of all pages that answer with HTML."""
    version = Version.objects.get(algorithm__name=LONG_NAME)
    record_calls(version, payer_id=scope_of(make_user("caller")).organization.id)
    review = write_review(
        algorithm=version.algorithm, author=User.objects.get(username="caller"), rating=4, text="It does what it says."
    )
    examples = {
        "slug": "lab", "owner": "lab", "name": LONG_NAME, "number": "0.1.0", "username": "ada",
        "key_id": ApiKey.objects.get(organization__slug="lab").pk, "build_id": Build.objects.earliest("created_at").pk,
        "call_id": CallRecord.objects.filter(outcome="algorithm_error", key_id__isnull=False)[0].call_id,
        "invoice_id": Invoice.objects.earliest("pk").pk, "payment_id": Payment.objects.earliest("pk").pk,
        "review_id": review.pk, "budget_id": review.pk, "node": "local", "slot_id": 1, "section": "algorithms",
        "secret_id": review.pk, "commit_id": "0" * 40, "provider_id": "lab", "organization_slug": "lab",
        "token": "none", "domain_id": review.pk, "invitation_id": review.pk,
        "team_id": Team.objects.earliest("created_at").pk,
    }  # fmt: skip
    client.force_login(workplace.grace)
    found = [fill(route, examples) for route in routes_of(get_resolver().url_patterns) if not route.startswith(OTHERS)]
    report = Report.objects.get().pk
    found += ["/algorithms/lab/shaped", f"/admin/reviews/report/{report}/change/", *(f"/admin/{page}" for page in MORE)]
    return [path for path in found if is_page(client, path)]


def routes_of(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes_of(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "(?P" not in route:
            yield route


def fill(route: str, examples: dict[str, Any]) -> str:
    """The route with a thing of the lab in each place; a place that nothing is known for fails the test."""
    return "/" + re.sub(r"<\w+:(\w+)>", lambda place: str(examples[place.group(1)]), route)


def is_page(client: Client, path: str) -> bool:
    answer = client.get(path)
    assert answer.status_code < 500, path
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_axe_finds_nothing_serious_and_nothing_moves(
    theme: Any,
    width: int,
    browser: Browser,
    workplace: Workplace,
    addresses: list[str],
    sign_in_to: SignIn,
) -> None:
    screen: Any = {"width": width, "height": 900}
    context = browser.new_context(color_scheme=theme, viewport=screen, reduced_motion="reduce")
    sign_in_to(context)
    page = context.new_page()
    assert len(addresses) > 35
    problems = [f"{path}: {problem}" for path in addresses for problem in look(page, workplace.address, path, theme)]
    context.close()
    assert not problems, "\n".join(problems)


@pytest.fixture
def sign_in_to(workplace: Workplace) -> SignIn:
    def sign_in(context: BrowserContext) -> None:
        client = Client()
        client.force_login(workplace.grace)
        cookie = client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": workplace.address}])

    return sign_in


def look(page: Page, address: str, path: str, theme: str) -> list[str]:
    """What is wrong with a page; its picture is kept."""
    page.goto(f"{address}{path}", wait_until="load")
    moved = page.evaluate(READ_SHIFT)
    PICTURES.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "id", path).replace(LONG_NAME, "long").strip("/").replace("/", "-")
    width = (page.viewport_size or {"width": 0})["width"]
    page.screenshot(path=PICTURES / f"{name or 'home'}-{width}-{theme}.png", full_page=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger: the page's policy lets no script of others in
    found = list(page.evaluate(RUN_AXE))
    return found + [f"moved: {element}" for element in moved if path not in LIVE]


def test_markup_is_valid(workplace: Workplace, addresses: list[str], client: Client, tmp_path: Path) -> None:
    for number, path in enumerate(addresses):
        (tmp_path / f"{number}.html").write_bytes(client.get(path).content)
    command = ["java", "-jar", VALIDATOR, "--errors-only", "--format", "json", "--exit-zero-always"]
    command += ["--filterpattern", ".*Attribute .hx-[a-z-]+. not allowed.*", tmp_path]  # htmx's own
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    messages = json.loads(ran.stderr)["messages"]
    found = [f"{addresses[int(Path(each['url']).stem)]}: {each['message']} {each.get('extract')}" for each in messages]
    assert not found, "\n".join(found)
