"""Who gets what answer at every address of the console: the whole table."""

import re
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.test import Client

from marketplace.accounts.models import User
from marketplace.organizations.invitations import invite
from marketplace.organizations.limits import set_budget
from marketplace.organizations.models import Organization, Role
from marketplace.organizations.selectors import get_accessible_organization
from marketplace.organizations.services import add_member, open_platform_organization
from marketplace.organizations.teams import create_team
from marketplace.web.console.urls import ORGANIZATION, urlpatterns
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.payments import make_invoice
from tests.factories.people import make_user
from tests.integration.web.console.conftest import TEAM, Things, signed_in

EVERYONE = frozenset(Role)
OWNERS = frozenset({Role.OWNER})
MANAGERS = OWNERS | {Role.ADMIN}
DEVELOPERS = MANAGERS | {Role.DEVELOPER}
CALLERS = MANAGERS | {Role.DEVELOPER, Role.CALLER}
SPENDERS = MANAGERS | {Role.BILLING}
AUDITORS = MANAGERS | {Role.AUDITOR}
BOOKKEEPERS = SPENDERS | {Role.AUDITOR}
LOGIN = 0
"""Stands for: is sent to sign in, and comes back."""
OUTSIDERS = {"stranger": 404, "administrator": 404, "anonymous": LOGIN}
"""An administrator of the platform is a stranger too, in the console."""


@dataclass(frozen=True)
class Row:
    """A request, and the status for members in a role of `may`; other members get 403."""

    method: str
    path: str
    done: int
    may: frozenset[Role]
    form: dict[str, str] = field(default_factory=dict)

    def expected(self) -> dict[str, int]:
        return {role.value: self.done if role in self.may else 403 for role in Role} | OUTSIDERS


TABLE = [
    Row("get", "", 200, EVERYONE),
    Row("get", "/keys", 200, EVERYONE),
    Row("post", "/keys", 200, CALLERS, {"name": "another"}),
    Row("get", "/keys/{key}", 200, EVERYONE),
    Row("post", "/keys/{key}/budget", 302, SPENDERS, {"period": "day", "credits": "5", "hard": "on"}),
    Row("post", "/keys/{key}/limits", 302, SPENDERS, {"calls_per_second": "5"}),
    Row("get", "/keys/{key}/revoke", 200, MANAGERS),
    Row("post", "/keys/{key}/revoke", 302, MANAGERS),
    Row("get", "/calls", 200, EVERYONE),
    Row("get", "/calls?side=received", 200, EVERYONE),
    Row("get", "/calls/{call}", 200, EVERYONE),
    Row("get", "/monitor", 200, EVERYONE),
    Row("get", "/monitor/calls/{call}/end", 404, CALLERS),
    Row("post", "/monitor/calls/{call}/end", 302, CALLERS),
    Row("get", "/balance", 200, EVERYONE),
    Row("get", "/balance?side=earnings", 200, EVERYONE),
    Row("get", "/data", 200, CALLERS),
    Row("get", "/data/file?path=none/none", 404, CALLERS),
    Row("post", "/data/folder", 302, CALLERS, {"name": ""}),
    Row("post", "/data/upload", 302, CALLERS),
    Row("post", "/data/share", 302, CALLERS),
    Row("get", "/data/remove?path=none", 200, CALLERS),
    Row("post", "/data/remove?path=none", 404, CALLERS),
    Row("get", "/usage", 200, EVERYONE),
    Row("get", "/usage?side=received", 200, EVERYONE),
    Row("get", "/usage.csv", 200, EVERYONE),
    Row("get", "/budgets", 200, EVERYONE),
    Row("post", "/budgets", 302, SPENDERS, {"period": "month", "credits": "20", "hard": "on"}),
    Row("post", "/budgets/{budget}/remove", 302, SPENDERS),
    Row("get", "/catalog", 200, EVERYONE),
    Row("get", "/catalog?q=hello", 200, EVERYONE),
    Row("post", "/catalog/restrict", 302, MANAGERS, {"on": "yes"}),
    Row("post", "/catalog/ask", 302, CALLERS, {"algorithm": "charlie/hello", "reason": "We greet."}),
    Row("post", "/catalog/approve", 302, MANAGERS, {"algorithm": "charlie/hello"}),
    Row("post", "/catalog/decline", 302, MANAGERS, {"algorithm": "charlie/hello"}),
    Row("get", "/algorithms", 200, EVERYONE),
    Row("get", "/algorithms/secret", 200, EVERYONE),
    Row("get", "/algorithms/secret/builds/{build}", 200, EVERYONE),
    Row("post", "/algorithms/secret/builds/{build}/cancel", 409, DEVELOPERS),
    Row("post", "/algorithms/secret/builds/{build}/retry", 409, DEVELOPERS),
    Row("post", "/algorithms/secret/builds/{build}/publish", 302, DEVELOPERS, {"bump": "minor"}),
    Row("get", "/algorithms/secret/errors", 200, EVERYONE),
    Row("get", "/algorithms/secret/prices", 200, EVERYONE),
    Row("post", "/algorithms/secret/prices", 200, EVERYONE, {"royalty_per_call": "-1"}),
    Row("get", "/algorithms/secret/settings", 200, EVERYONE),
    Row("post", "/algorithms/secret/settings", 200, EVERYONE, {"visibility": "everywhere"}),
    Row("get", "/algorithms/secret/settings/delete", 200, MANAGERS),
    Row("post", "/algorithms/secret/settings/delete", 302, MANAGERS),
    Row("get", "/algorithms/secret/samples", 200, EVERYONE),
    Row("post", "/algorithms/secret/samples", 302, DEVELOPERS, {"name": "a", "input": "1", "content_type": "json"}),
    Row("post", "/algorithms/secret/samples/remove", 302, DEVELOPERS, {"sample": "a"}),
    Row("post", "/algorithms/secret/samples/on-change", 302, DEVELOPERS, {"on_change": "refuse"}),
    Row("get", "/algorithms/secret/traffic", 200, EVERYONE),
    Row("post", "/algorithms/secret/traffic", 200, EVERYONE, {"percent": "1000"}),
    Row("post", "/algorithms/secret/traffic/unite", 302, DEVELOPERS),
    Row("get", "/algorithms/secret/secrets", 200, DEVELOPERS),
    Row("post", "/algorithms/secret/secrets", 302, DEVELOPERS, {"variable": "A", "value": "b", "label": "c"}),
    Row("post", "/algorithms/secret/secrets/{key}/remove", 404, DEVELOPERS),
    Row("post", "/algorithms/secret/secrets/shared/{key}/remove", 404, DEVELOPERS),
    Row("get", "/algorithms/secret/supply-chain", 200, EVERYONE),
    Row("get", "/algorithms/secret/versions/0.1.0", 200, EVERYONE),
    Row("post", "/algorithms/secret/versions/0.1.0/deprecate", 302, DEVELOPERS, {"text": "Use 2."}),
    Row("post", "/algorithms/secret/versions/0.1.0/latest", 302, DEVELOPERS),
    Row("get", "/algorithms/secret/versions/0.1.0/bill-of-materials", 200, EVERYONE),
    Row("get", "/algorithms/secret/versions/0.1.0/withdraw", 200, MANAGERS),
    Row("post", "/algorithms/secret/versions/0.1.0/withdraw", 302, MANAGERS),
    Row("get", "/teams", 200, EVERYONE),
    Row("post", "/teams", 302, MANAGERS, {"name": "Vision"}),
    Row("post", "/teams/{team}/members", 302, MANAGERS, {"member": "dora_too"}),
    Row("get", "/teams/{team}/delete", 200, MANAGERS),
    Row("post", "/teams/{team}/delete", 302, MANAGERS),
    Row("get", "/algorithms/secret/access", 200, EVERYONE),
    Row("post", "/algorithms/secret/access", 302, MANAGERS),
    Row("get", "/members", 200, EVERYONE),
    Row("post", "/members", 302, MANAGERS, {"person": "dora", "role": "developer"}),
    Row("post", "/members/dora_too/role", 302, MANAGERS, {"role": "billing"}),
    Row("post", "/members/dora_too/role", 302, OWNERS, {"role": "owner"}),
    Row("get", "/members/dora_too/remove", 200, MANAGERS),
    Row("post", "/members/dora_too/remove", 302, MANAGERS),
    Row("post", "/members/invitations/{invitation}/renew", 302, MANAGERS),
    Row("post", "/members/invitations/{invitation}/end", 302, MANAGERS),
    Row("get", "/settings", 200, EVERYONE),
    Row("post", "/settings", 302, MANAGERS, {"name": "The Team"}),
    Row("post", "/settings/delete", 302, OWNERS, {"name": "team"}),
    Row("get", "/sign-in", 200, MANAGERS),
    Row("post", "/sign-in/two-factor", 302, MANAGERS, {"required": "no"}),
    Row("post", "/sign-in/openid", 200, MANAGERS, {"openid-issuer": "x"}),
    Row("post", "/sign-in/saml", 200, MANAGERS, {"saml-metadata": "x"}),
    Row("get", "/sign-in/remove", 200, MANAGERS),
    Row("post", "/sign-in/remove", 404, MANAGERS),
    Row("post", "/sign-in/require", 302, MANAGERS, {"required": "yes"}),
    Row("post", "/sign-in/domains", 302, MANAGERS, {"domain-name": "corp.example"}),
    Row("post", "/sign-in/domains/{domain}/prove", 404, MANAGERS),
    Row("post", "/sign-in/domains/{domain}/remove", 404, MANAGERS),
    Row("get", "/audit", 200, AUDITORS),
    Row("get", "/audit.csv", 200, AUDITORS),
    Row("get", "/audit.jsonl", 200, AUDITORS),
    Row("get", "/payments", 200, BOOKKEEPERS),
    Row("get", "/payments?payment={key}", 302, BOOKKEEPERS),
    Row("post", "/payments/buy", 200, SPENDERS, {"dollars": "20"}),
    Row("post", "/payments/top-up", 302, SPENDERS, {"threshold": "5", "amount": "20", "month_cap": "100", "on": "no"}),
    Row("post", "/payments/tax-id", 200, SPENDERS, {"kind": "eu_vat", "value": "DE123456789"}),
    Row("get", "/payments.csv", 200, BOOKKEEPERS),
    Row("get", "/invoices", 200, BOOKKEEPERS),
    Row("get", "/invoices/{invoice}", 200, BOOKKEEPERS),
    Row("get", "/invoices/{invoice}.pdf", 200, BOOKKEEPERS),
    Row("get", "/invoices/{invoice}.csv", 200, BOOKKEEPERS),
    Row("get", "/payouts", 200, BOOKKEEPERS),
    Row("get", "/payouts?back=1", 302, SPENDERS),
    Row("post", "/payouts/set-up", 302, SPENDERS),
    Row("post", "/payouts/pay", 302, SPENDERS),
    Row("post", "/payouts/automatic", 302, SPENDERS, {"automatic": "no"}),
    Row("get", "/payouts.csv", 200, BOOKKEEPERS),
]


@pytest.fixture
def visitors(alice: User, bob: User, charlie: User, team: Organization) -> dict[str, Client]:
    """A browser of each visitor."""
    administrator = make_user("root_person")
    User.objects.filter(pk=administrator.pk).update(is_superuser=True)
    people = {"owner": alice, "developer": bob, "stranger": charlie, "administrator": administrator, "anonymous": None}
    for role in set(Role) - {Role.OWNER, Role.DEVELOPER}:
        people[role.value] = make_user(f"the_{role}")
        add_member(organization=team, user=people[role.value], role=role, by=alice)
    return {name: signed_in(person) for name, person in people.items()}


def send(client: Client, method: str, path: str, form: dict[str, str]) -> int:
    """The status. What the request did is undone, so that each visitor finds the same world."""
    before = transaction.savepoint()
    try:
        response = getattr(client, method)(path, form)
    finally:
        transaction.savepoint_rollback(before)
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/?next=/console/team"):
        return LOGIN
    return int(response.status_code)


def test_each_visitor_gets_what_the_table_says(
    visitors: dict[str, Client], alice: User, charlie: User, team: Organization, things: Things
) -> None:
    """One world for all of the table: it takes a tenth of the time of a world for each row."""
    add_member(organization=team, user=make_user("dora_too"), role=Role.DEVELOPER, by=alice)
    make_user("dora")
    make_version(make_algorithm("hello", by=charlie), by=charlie)
    owner = get_accessible_organization(user=alice, slug=team.slug)
    budget = set_budget(scope=owner, period="day", amount=1, hard=False, at=things.key.created_at)
    invoice = make_invoice(team.id)
    invitation = invite(scope=owner, email="eve@example.com", role=Role.CALLER, now=things.key.created_at)
    ids = {
        "team": create_team(scope=owner, name="Speech", now=things.key.created_at).pk,
        "domain": 0,
        "invitation": invitation.pk,
        "key": things.key.id,
        "call": things.call_id,
        "build": things.version.build_id,
        "invoice": invoice.pk,
    }
    surprises = [
        f"{row.method} {row.path} as {visitor}: {status}, not {expected}"
        for row in TABLE
        for visitor, expected in row.expected().items()
        if (status := send(visitors[visitor], row.method, TEAM + row.path.format(**ids, budget=budget.id), row.form))
        != expected
    ]
    assert not surprises, "\n".join(surprises)


def test_the_table_has_every_address_of_an_organization() -> None:
    asked = {row.path.partition("?")[0] for row in TABLE}
    routes = [
        str(each.pattern).removeprefix(ORGANIZATION) for each in urlpatterns if "<word:slug>" in str(each.pattern)
    ]
    places = [re.compile(re.sub("<[^>]*>", "[^/]+", route) + "$") for route in routes]
    assert [route for route, place in zip(routes, places, strict=True) if not any(map(place.match, asked))] == []


@pytest.mark.parametrize(
    "path",
    [
        "/keys/{key}",
        "/keys/{key}/revoke",
        "/calls/{call}",
        "/algorithms/secret",
        "/algorithms/mine/builds/{build}",
        "/invoices/{key}",
    ],
)
def test_an_organization_is_no_way_to_the_things_of_another(
    as_charlie: Client, charlie: User, things: Things, path: str
) -> None:
    own_path = path.format(key=things.key.id, call=things.call_id, build=things.version.build_id)
    assert as_charlie.get(f"/console/charlie{own_path}").status_code == 404


def test_a_build_stands_at_its_own_algorithm_only(as_alice: Client, alice: User, things: Things) -> None:
    make_algorithm("other", by=alice, owner="team")
    assert as_alice.get(f"{TEAM}/algorithms/other/builds/{things.version.build_id}").status_code == 404


def test_a_form_from_elsewhere_does_nothing(alice: User, team: Organization) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    assert client.post(f"{TEAM}/keys", {"name": "forged"}).status_code == 403
    assert not team.api_keys.exists()


def test_htmx_is_sent_to_sign_in_by_loading_the_page_again(team: Organization) -> None:
    response = Client().post(f"{TEAM}/keys", {"name": "late"}, headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Refresh"]) == (200, "true")
    assert not team.api_keys.exists()


def test_nothing_of_the_console_stays_in_the_browser(as_alice: Client, team: Organization) -> None:
    assert "no-store" in as_alice.get(f"{TEAM}/keys")["Cache-Control"]


def test_the_console_leads_to_the_personal_organization(as_bob: Client, team: Organization) -> None:
    assert as_bob.get("/console")["Location"] == "/console/bob"


def test_one_who_has_no_organization_makes_one(db: None) -> None:
    person = User.objects.create_superuser("root_of_all", "root@example.com", "correct horse battery")
    assert signed_in(person).get("/console")["Location"] == "/console/new"


@pytest.mark.parametrize("place", ["", "?to=keys", "?to=balance", "?to=algorithms", "?to=store"])
@pytest.mark.parametrize("owns", [False, True])
def test_the_account_menu_leads_an_administrator_somewhere(db: None, place: str, owns: bool) -> None:
    person = User.objects.create_superuser("root_of_all", "root@example.com", "correct horse battery")
    if owns:
        open_platform_organization(by=person)
    assert signed_in(person).get(f"/console{place}", follow=True).status_code == 200
