"""Someone with an organization in which there is something of everything, on the live server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Page

from billing.metering.models import CallRecord
from marketplace.accounts.models import User
from marketplace.algorithms.approvals import approve, ask_for_approval
from marketplace.algorithms.featuring import save_feature
from marketplace.algorithms.models import Build, BuildState, Feature
from marketplace.organizations.limits import set_budget
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.organizations.teams import add_to_team, create_team
from marketplace.reviews.services import report_algorithm
from tests.factories.calls import record_calls, record_history
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.factories.payments import make_invoice, make_payments, make_payouts, make_top_up
from tests.factories.people import make_api_key, make_organization, make_user

LONG_NAME = "a_name_that_is_as_long_as_names_may_be_and_has_many_words_in_it"


OTHERS = [
    "/console/new",
    "/console/grace",
    "/console/grace/keys",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/security/",
    "/console/lab/sign-in",
    "/billing",
]


@dataclass(frozen=True)
class Workplace:
    """`address` is the server's; `pages` are the paths of what grace sees of the lab."""

    address: str
    grace: User
    going_on: Build
    pages: list[str]

    def at(self, path: str) -> str:
        """The whole address of a page of the lab."""
        return f"{self.address}/console/lab{path}"


@pytest.fixture
def workplace(live_server: Any) -> Iterator[Workplace]:
    """The lab: grace owns it, ada is a member; keys, calls of every kind, a failed build and one that goes on.

    Grace runs the platform too, so that its page about money is among those that she sees.
    """
    cache.clear()
    grace = make_user("grace")
    grace.is_superuser = grace.is_staff = True
    grace.save()
    lab = make_organization(
        "lab", owner=grace, members=(make_user("ada"), make_user("someone_with_a_really_long_name"))
    )
    key = make_api_key(lab, by=grace, name="the website of the whole department, in production since spring").row
    version = make_version(
        make_algorithm(LONG_NAME, by=grace, owner="lab"), by=grace, sample_input='"hello"', release_notes="The first."
    )
    show_all_of_the_store(grace)
    record_history(version, busiest_day=3, run_us=250_000)
    calls = [
        call_id
        for outcome in ("ok", "algorithm_error", "timeout", "cancelled")
        for call_id in record_calls(version, payer_id=lab.id, key_id=key.id, outcome=outcome)
    ]
    CallRecord.objects.filter(call_id__in=calls[1:]).update(root_id=calls[0], parent_id=calls[0])  # one made the others
    failed = make_build(version.algorithm, by=grace, state=BuildState.FAILED)
    going_on = make_build(
        make_algorithm("slow", by=grace, owner="lab", public=False), by=grace, state=BuildState.BUILDING
    )
    invoice = make_invoice(lab.id)
    make_payments(lab.id)
    make_payouts(lab.id)
    make_top_up(lab.id, failure="Your card was declined.")
    scope = get_accessible_organization(user=grace, slug="lab")
    add_to_team(scope=scope, team=create_team(scope=scope, name="Vision", now=timezone.now()), username="ada")
    fill_catalog(scope)
    set_budget(scope=scope, period="month", amount=10**10, hard=True, at=timezone.now())
    set_budget(scope=scope, period="day", amount=1, hard=False, key_id=key.id, at=timezone.now())
    paths = list_paths(key.id, calls, failed, going_on, invoice.pk)
    yield Workplace(str(live_server), grace, going_on, [f"/console/lab{path}" for path in paths] + OTHERS)
    cache.clear()


def show_all_of_the_store(grace: User) -> None:
    """lab/shaped, which says what goes in and what comes out, and is featured; and somebody complained of it."""
    algorithm = make_algorithm("shaped", by=grace, owner="lab", summary="Makes a picture small.", tags=["image"])
    members = {
        "image": {"type": "string", "description": "The picture's bytes as base64."},
        "side": {"type": "integer", "minimum": 1, "maximum": 2048, "default": 128, "description": "Pixels."},
        "format": {"enum": ["jpeg", "png"], "default": "jpeg"},
        "sharp": {"type": "boolean"},
        "note": {"type": "string", "maxLength": 2000},
    }
    found = {"type": "object", "required": ["at"], "properties": {"at": {"type": "number"}, "label": {"const": "a"}}}
    make_version(
        algorithm,
        by=grace,
        sample_input='{"image": "aGVsbG8="}',
        input_schema={"type": "object", "required": ["image"], "properties": members},
        output_schema={"type": "array", "maxItems": 9, "items": found},
    )
    feature = Feature(algorithm=algorithm, why="Fast, and it keeps colours as they are.", starts_at=timezone.now())
    save_feature(feature=feature, by=grace)
    report_algorithm(algorithm=algorithm, reporter=grace, reason="misleading", text="It makes them large.")


def fill_catalog(scope: AccessibleOrganization) -> None:
    """One algorithm of others is approved, and one asked for."""
    acme = make_user("acme")
    approved, asked = (make_version(make_algorithm(name, by=acme), by=acme).algorithm for name in ("approved", "asked"))
    approve(scope=scope, algorithm=approved, up_to="0.1.0", now=timezone.now())
    ask_for_approval(scope=scope, algorithm=asked, reason="We read invoices every night.", now=timezone.now())


def list_paths(key_id: object, calls: list[Any], failed: Build, going_on: Build, invoice_id: object) -> list[str]:
    """What there is to see of the lab, below its address."""
    algorithm = f"/algorithms/{LONG_NAME}"
    paths = [
        "",
        "/keys",
        f"/keys/{key_id}",
        f"/keys/{key_id}/revoke",
        "/calls",
        "/calls?side=received",
        "/usage",
        "/usage?by=key",
        "/budgets",
        "/balance",
        "/algorithms",
        "/catalog",
        "/catalog?q=name",
    ]
    paths += [f"/calls/{call_id}" for call_id in calls[:2]]
    paths += [
        algorithm,
        f"{algorithm}/builds/{failed.id}",
        f"/algorithms/slow/builds/{going_on.id}",
        "/teams",
        f"{algorithm}/access",
        "/members",
        "/audit",
        "/payments",
        "/invoices",
        f"/invoices/{invoice_id}",
        "/payouts",
    ]
    return paths


@pytest.fixture
def as_grace(page: Page, workplace: Workplace, sign_in: Callable[[User], None]) -> Page:
    """Her browser."""
    sign_in(workplace.grace)
    return page
