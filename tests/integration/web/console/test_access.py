"""Who gets what answer at every address of the console: the whole table."""

import re
from dataclasses import dataclass, field

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.organizations.limits import set_budget
from marketplace.organizations.models import Membership, Organization
from marketplace.organizations.selectors import get_accessible_organization
from marketplace.web.console.urls import ORGANIZATION, urlpatterns
from tests.factories.catalogue import make_algorithm
from tests.factories.payments import make_invoice
from tests.factories.people import make_user
from tests.integration.web.console.conftest import TEAM, Things, signed_in

VISITORS = ("owner", "member", "stranger", "anonymous")
LOGIN = 0
"""Stands for: is sent to sign in, and comes back."""


@dataclass(frozen=True)
class Row:
    """A request, and the status that each of VISITORS gets."""

    method: str
    path: str
    expected: tuple[int, int, int, int]
    form: dict[str, str] = field(default_factory=dict)


EVERY_MEMBER = (200, 200, 404, LOGIN)
OWNERS = (200, 403, 404, LOGIN)
DONE_BY_OWNERS = (302, 403, 404, LOGIN)
OWNERS_SENT_ON = DONE_BY_OWNERS
TABLE = [
    Row("get", "", EVERY_MEMBER),
    Row("get", "/keys", EVERY_MEMBER),
    Row("post", "/keys", EVERY_MEMBER, {"name": "another"}),
    Row("get", "/keys/{key}/revoke", OWNERS),
    Row("post", "/keys/{key}/revoke", DONE_BY_OWNERS),
    Row("get", "/calls", EVERY_MEMBER),
    Row("get", "/calls?side=received", EVERY_MEMBER),
    Row("get", "/calls/{call}", EVERY_MEMBER),
    Row("get", "/monitor", EVERY_MEMBER),
    Row("get", "/monitor/calls/{call}/end", (404, 404, 404, LOGIN)),
    Row("post", "/monitor/calls/{call}/end", (302, 302, 404, LOGIN)),
    Row("get", "/balance", EVERY_MEMBER),
    Row("get", "/balance?side=earnings", EVERY_MEMBER),
    Row("get", "/usage", EVERY_MEMBER),
    Row("get", "/usage?side=received", EVERY_MEMBER),
    Row("get", "/usage.csv", EVERY_MEMBER),
    Row("get", "/budgets", EVERY_MEMBER),
    Row("post", "/budgets", DONE_BY_OWNERS, {"period": "month", "credits": "20", "hard": "on"}),
    Row("post", "/budgets/{budget}/remove", DONE_BY_OWNERS),
    Row("get", "/algorithms", EVERY_MEMBER),
    Row("get", "/algorithms/secret", EVERY_MEMBER),
    Row("get", "/algorithms/secret/builds/{build}", EVERY_MEMBER),
    Row("get", "/algorithms/secret/versions/0.1.0/withdraw", OWNERS),
    Row("post", "/algorithms/secret/versions/0.1.0/withdraw", DONE_BY_OWNERS),
    Row("get", "/members", EVERY_MEMBER),
    Row("post", "/members", DONE_BY_OWNERS, {"person": "dora", "role": "member"}),
    Row("post", "/members/dora_too/role", DONE_BY_OWNERS, {"role": "owner"}),
    Row("get", "/members/dora_too/remove", OWNERS),
    Row("post", "/members/dora_too/remove", DONE_BY_OWNERS),
    Row("get", "/audit", OWNERS),
    Row("get", "/payments", OWNERS),
    Row("get", "/payments?payment={key}", OWNERS_SENT_ON),
    Row("post", "/payments/buy", OWNERS, {"dollars": "20"}),
    Row("post", "/payments/top-up", DONE_BY_OWNERS, {"threshold": "5", "amount": "20", "month_cap": "100", "on": "no"}),
    Row("post", "/payments/tax-id", OWNERS, {"kind": "eu_vat", "value": "DE123456789"}),
    Row("get", "/payments.csv", OWNERS),
    Row("get", "/invoices", OWNERS),
    Row("get", "/invoices/{invoice}", OWNERS),
    Row("get", "/invoices/{invoice}.pdf", OWNERS),
    Row("get", "/invoices/{invoice}.csv", OWNERS),
    Row("get", "/payouts", OWNERS),
    Row("get", "/payouts?back=1", OWNERS_SENT_ON),
    Row("post", "/payouts/set-up", DONE_BY_OWNERS),
    Row("post", "/payouts/pay", DONE_BY_OWNERS),
    Row("post", "/payouts/automatic", DONE_BY_OWNERS, {"automatic": "no"}),
    Row("get", "/payouts.csv", OWNERS),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.path}")
@pytest.mark.parametrize("visitor", VISITORS)
def test_each_visitor_gets_what_the_table_says(
    row: Row, visitor: str, alice: User, bob: User, charlie: User, team: Organization, things: Things
) -> None:
    make_user("dora")
    Membership.objects.create(
        organization=team, user=make_user("dora_too"), role="member", created_at=things.key.created_at
    )
    invoice = make_invoice(team.id)
    owner = get_accessible_organization(user=alice, slug=team.slug)
    budget = set_budget(scope=owner, period="day", amount=1, hard=False, at=things.key.created_at)
    person = dict(zip(VISITORS, (alice, bob, charlie, None), strict=True))[visitor]
    path = TEAM + row.path.format(
        key=things.key.id, call=things.call_id, build=things.version.build_id, invoice=invoice.pk, budget=budget.id
    )
    response = getattr(signed_in(person), row.method)(path, row.form)
    expected = row.expected[VISITORS.index(visitor)]
    if expected == LOGIN:
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?next=/console/team")
    else:
        assert response.status_code == expected
    if row.method == "post" and visitor in {"stranger", "anonymous"}:
        things.key.refresh_from_db()
        things.version.refresh_from_db()
        assert things.key.revoked_at is things.version.withdrawn_at is None


def test_the_table_has_every_address_of_an_organization() -> None:
    asked = {row.path.partition("?")[0] for row in TABLE}
    routes = [
        str(each.pattern).removeprefix(ORGANIZATION) for each in urlpatterns if "<word:slug>" in str(each.pattern)
    ]
    places = [re.compile(re.sub("<[^>]*>", "[^/]+", route) + "$") for route in routes]
    assert [route for route, place in zip(routes, places, strict=True) if not any(map(place.match, asked))] == []


@pytest.mark.parametrize(
    "path",
    ["/keys/{key}/revoke", "/calls/{call}", "/algorithms/secret", "/algorithms/mine/builds/{build}", "/invoices/{key}"],
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
