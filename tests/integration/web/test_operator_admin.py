"""The administration: who gets in, what they change, and that each change leaves a trace and the policy stands."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from billing.admin_tables import ReadOnly
from marketplace.accounts.models import User
from marketplace.algorithms.featuring import list_featured
from marketplace.algorithms.models import Algorithm, Feature, Version
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.audit.models import AuditEvent
from marketplace.organizations.publication import collect_key_entries
from marketplace.reviews.models import Report
from marketplace.reviews.services import report_algorithm
from marketplace.web.middleware import POLICY
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_api_key, make_user
from tests.integration.web.document import Document

CATALOGUE = "/admin/algorithms/algorithm/"
FEATURES = "/admin/algorithms/feature/"
REPORTS = "/admin/reviews/report/"
PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def operator(db: object) -> User:
    user = make_user("operator")
    user.is_staff = user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def as_operator(operator: User) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def deblur(db: object) -> Version:
    return make_version(make_algorithm("deblur", by=make_user("ada"), summary="Sharpens."))


def acts() -> list[str]:
    """What was done by the operator, in order."""
    events = AuditEvent.objects.filter(actor_label="operator").exclude(action="organization.create")
    return list(events.order_by("id").values_list("action", flat=True))


def open_store(address: str = "/") -> Any:
    cache.clear()
    return Client().get(address)


def test_it_is_not_there_for_others(db: object, client: Client) -> None:
    assert client.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/").headers["Location"] == "/accounts/login/?next=/admin/"
    member = make_user()
    member.is_staff = True  # alone it opens nothing
    member.save()
    client.force_login(member)
    assert client.get("/admin/", follow=True).status_code == 403


def test_every_page_opens_within_the_policy(as_operator: Client, deblur: Version) -> None:
    record_calls(deblur)
    make_api_key()
    report_algorithm(algorithm=deblur.algorithm, reporter=make_user(), reason="other", text="Odd.")
    Feature.objects.create(algorithm=deblur.algorithm, why="It is good.", starts_at=timezone.now())
    for model, shown in admin.site._registry.items():
        address = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        row = model._default_manager.first()
        addresses = [address, *([f"{address}{row.pk}/change/"] if row else []), *add_page(shown, address)]
        for path in addresses:
            answer = as_operator.get(path)
            assert answer.status_code == 200, path
            assert answer.headers["Content-Security-Policy"] == POLICY
            page = Document(answer)
            assert not page.find("style"), path
            assert not [element for element in page.elements if {"style", "onclick"} & element.attributes.keys()], path
            assert all("src" in script.attributes for script in page.find("script")), path


def add_page(shown: Any, address: str) -> list[str]:
    return [] if isinstance(shown, ReadOnly) or "environment" in address else [f"{address}add/"]


def test_nothing_of_libraries_is_changed_here(db: object) -> None:
    modules = {model.__module__.partition(".")[0] for model in admin.site._registry}
    assert modules == {"marketplace", "billing"}


def test_money_and_history_are_only_read(as_operator: Client, deblur: Version) -> None:
    record_calls(deblur)
    for address in ("/admin/ledger/ledgeraccount/", "/admin/ledger/ledgertransaction/", "/admin/audit/auditevent/"):
        assert as_operator.get(f"{address}add/").status_code == 403
        row = next(iter(as_operator.get(address).context["cl"].result_list))
        assert as_operator.post(f"{address}{row.pk}/change/", {}).status_code == 403
        assert as_operator.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert "delete_selected" not in as_operator.get(address).content.decode()


def test_an_algorithm_is_taken_down_and_restored(as_operator: Client, deblur: Version) -> None:
    address = f"{CATALOGUE}{deblur.algorithm_id}/change/"
    assert as_operator.post(address, {"taken_down_because": "It mines coins."}).status_code == 302
    assert collect_algorithm_entries() == []
    assert open_store("/algorithms/ada/deblur").status_code == 404
    assert b"deblur" not in open_store().content
    owner = Client()
    owner.force_login(User.objects.get(username="ada"))
    assert b"It mines coins." in owner.get("/console/ada/algorithms/deblur").content
    assert as_operator.post(address, {"taken_down_because": ""}).status_code == 302
    assert len(collect_algorithm_entries()) == 1
    assert open_store("/algorithms/ada/deblur").status_code == 200
    assert acts() == ["algorithm.take_down", "algorithm.restore"]


def test_what_is_featured_stands_first_for_its_time(as_operator: Client, deblur: Version) -> None:
    now = timezone.now()
    form = {"algorithm": "ada/Deblur", "place": 1, "why": "So sharp!", "ends_at": ""}
    form |= {"starts_at": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}"}
    backwards = {"ends_at": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}"}
    assert b"There is no such algorithm" in as_operator.post(f"{FEATURES}add/", form | {"algorithm": "ada/x"}).content
    assert b"must end after it starts" in as_operator.post(f"{FEATURES}add/", form | backwards).content
    assert as_operator.post(f"{FEATURES}add/", form).status_code == 302
    change = Document(as_operator.get(f"{FEATURES}{Feature.objects.get().pk}/change/"))
    assert change.find("input", id="id_algorithm")[0].attributes["value"] == "ada/deblur"
    page = Document(open_store())
    assert "So sharp!" in [found.text for found in page.find("p", class_="why")]
    assert "/?featured=yes" in page.links()
    make_version(make_algorithm("other", by=User.objects.get(username="ada")))
    assert [card.algorithm.name for card in open_store("/?featured=yes").context["cards"]] == ["deblur"]
    Algorithm.objects.update(public=False)
    assert not list_featured(now=now).exists()
    Algorithm.objects.update(public=True)
    assert not list_featured(now=now - timedelta(days=2)).exists()
    as_operator.post(FEATURES, {"action": "remove", "_selected_action": [Feature.objects.get().pk]})
    assert not Feature.objects.exists()
    assert acts() == ["feature.set", "feature.remove"]


def test_reports_go_through_a_queue(as_operator: Client, deblur: Version) -> None:
    report = report_algorithm(algorithm=deblur.algorithm, reporter=make_user(), reason="other", text="Odd.")
    as_operator.post(REPORTS, {"action": "look_into", "_selected_action": [report.pk]})
    assert Report.objects.get().state == "looked_into"
    address = f"{REPORTS}{report.pk}/change/"
    assert as_operator.post(address, {"state": "settled", "note": "It was nothing."}).status_code == 302
    assert (Report.objects.get().state, Report.objects.get().note) == ("settled", "It was nothing.")
    assert b"cannot become" in as_operator.post(address, {"state": "open", "note": ""}).content
    assert acts() == ["report.looked_into", "report.settled"]


def test_a_person_is_suspended_with_their_keys(as_operator: Client, operator: User, client: Client) -> None:
    bob = make_user("bob")
    make_api_key(by=bob)
    client.force_login(bob)
    as_operator.post(PEOPLE, {"action": "suspend", "_selected_action": [bob.pk, operator.pk]})
    assert client.get("/console/bob").status_code == 302
    assert collect_key_entries() == {}
    operator.refresh_from_db()
    assert operator.is_active
    as_operator.post(PEOPLE, {"action": "restore", "_selected_action": [bob.pk]})
    assert len(collect_key_entries()) == 1
    assert acts() == ["account.suspend", "account.restore"]
