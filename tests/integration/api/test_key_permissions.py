"""What a restricted key may do."""

from typing import Any

import pytest
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.directory.entries import KeyEntry
from marketplace.directory.keys import hash_key
from marketplace.errors import PermissionDenied
from marketplace.organizations.key_permissions import check_can_read_data, check_can_write_data
from marketplace.organizations.models import ApiKey, Organization
from marketplace.organizations.publication import collect_key_entries
from marketplace.organizations.services import create_api_key
from marketplace.organizations.teams import create_team
from tests.factories.async_calls import make_async_call, make_batch
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import scope_of
from tests.integration.api.conftest import Caller, message_of

KEYS = "/v1/organizations/alice/keys"
EVERYTHING = {
    "data_acl": ["data://*"],
    "addresses": [],
    "expires_at": None,
    "allow_algo": True, "algo_acl": ["algo://*"], "allow_web_algo": True, "referer_host": "", "allow_data": True,
    "allow_data_write": True, "allow_algo_management": True,
}  # fmt: skip


def make_key(caller: Caller, **permissions: Any) -> Caller:
    response = caller.post(KEYS, {"name": "restricted", "permissions": permissions})
    assert response.status_code == 201, response.text
    return Caller(response.json()["key"])


def entry_of(caller: Caller) -> KeyEntry:
    return collect_key_entries()[hash_key(str(caller.key))]


def test_a_key_may_do_everything_unless_something_is_taken_away(as_alice: Caller) -> None:
    made = as_alice.post(KEYS, {"name": "all"}).json()
    assert made["permissions"] == EVERYTHING
    wanted = {"algo_acl": ["algo://Bob/*", "algo://bob/ocr", "algo://bob/*"], "allow_data_write": False}
    made = as_alice.post(KEYS, {"name": "some", "permissions": wanted}).json()
    assert made["permissions"] == EVERYTHING | wanted | {"algo_acl": ["algo://bob/*", "algo://bob/ocr/*"]}


@pytest.mark.parametrize(
    "permissions",
    [{"algo_acl": ["bob/ocr"]}, {"algo_acl": ["algo://"]}, {"algo_acl": ["algo://bob/*/1"]}, {"algo_acl": "algo://*"},
     {"algo_acl": ["algo://*"] * 101}, {"allow_algo": "perhaps"}, {"referer_host": "a b"}, [], "all",
     {"algo_acl": ["algo://bob/ocr\n/*"]}],
)  # fmt: skip
def test_odd_permissions_are_refused(as_alice: Caller, permissions: Any) -> None:
    assert as_alice.post(KEYS, {"name": "odd", "permissions": permissions}).status_code == 400


def test_the_gateways_know_what_a_key_may_call(as_alice: Caller) -> None:
    assert entry_of(as_alice).algorithms is None
    some = entry_of(make_key(as_alice, algo_acl=["algo://bob/*", "algo://eve/ocr/*"], referer_host="example.com"))
    assert (some.algorithms, some.web, some.referer_host) == (("bob/", "eve/ocr/"), True, "example.com")
    assert entry_of(make_key(as_alice, allow_algo=False, allow_web_algo=False)).algorithms == ()


def test_a_key_that_may_not_manage_reads_what_everybody_may_read(as_alice: Caller, alice: User) -> None:
    make_version(make_algorithm("shown", by=alice))
    caller = make_key(as_alice, allow_algo_management=False)
    assert caller.get("/v1/algorithms/alice/shown").status_code == 200
    for method, path in (("put", "/v1/algorithms/alice/shown"), ("post", KEYS), ("post", "/v1/algorithms/alice")):
        response = getattr(caller, method)(path, {})
        assert (response.status_code, response.json()["error"]["code"]) == (403, "permission_denied")
    assert caller.get("/v1/organizations/alice/calls").status_code == 403
    assert caller.get(KEYS).status_code == 403


def test_a_key_sees_and_cancels_calls_for_later_that_it_could_make(as_alice: Caller, alice: User) -> None:
    ocr, ocr_2 = (make_version(make_algorithm(name, by=alice)) for name in ("ocr", "ocr_2"))
    seen, hidden = (make_async_call(version, scope=scope_of(alice)) for version in (ocr, ocr_2))
    batches = [make_batch(version, scope=scope_of(alice)) for version in (ocr, ocr_2)]
    narrow = make_key(as_alice, algo_acl=["algo://Alice/ocr"], allow_algo_management=False)
    owners = make_key(as_alice, algo_acl=["algo://alice/*"])
    no_calls = make_key(as_alice, allow_algo=False, allow_algo_management=False)
    for caller, ids in ((as_alice, [hidden, seen]), (owners, [hidden, seen]), (narrow, [seen]), (no_calls, [])):
        rows = caller.get("/v1/calls").json()["results"]
        assert [row["request_id"] for row in rows] == [call.request_id for call in ids]
    paths = [f"/v1/calls/{seen.request_id}", f"/v1/batches/{batches[0].id}"]
    others = [f"/v1/calls/{hidden.request_id}", f"/v1/batches/{batches[1].id}"]
    for caller, path, status in (
        *((narrow, path, 200) for path in paths),
        *((narrow, path, 403) for path in others),
        *((no_calls, path, 403) for path in paths + others),
    ):
        answers = [caller.get(path), caller.post(f"{path}/cancel"), caller.delete(path)]
        assert [answer.status_code for answer in answers] in ([status] * 3, [200, 200, 409])
        assert answers[0].status_code == status


def test_a_key_that_may_not_manage_reports_no_insights(as_alice: Caller, alice: User) -> None:
    make_version(make_algorithm("ocr", by=alice))
    caller = make_key(as_alice, allow_algo_management=False)
    response = caller.post("/v1/insights?algorithm=alice/ocr", [{"insight_key": "sure", "insight_value": 1}])
    assert response.status_code == 403


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ({"allow_data": False}, {}),
        ({"allow_algo": False}, {}),
        ({"algo_acl": ["algo://bob/*"]}, {}),
        ({"algo_acl": ["algo://bob/*"]}, {"algo_acl": ["algo://bobby/*"]}),
        ({"algo_acl": ["algo://bob/ocr/*"]}, {"algo_acl": ["algo://bob/*"]}),
        ({"referer_host": "example.com"}, {}),
        ({"referer_host": "example.com"}, {"referer_host": "*"}),
    ],
)
def test_a_key_gives_no_more_than_it_has(as_alice: Caller, held: dict, wanted: dict) -> None:
    response = make_key(as_alice, **held).post(KEYS, {"name": "more", "permissions": wanted})
    assert response.status_code == 403
    assert "cannot give it to another" in message_of(response)


def test_a_key_gives_what_it_has(as_alice: Caller) -> None:
    narrow = make_key(as_alice, algo_acl=["algo://bob/*"])
    assert narrow.post(KEYS, {"name": "x", "permissions": {"algo_acl": ["algo://Bob/ocr"]}}).status_code == 201
    assert narrow.post(KEYS, {"name": "x", "permissions": {"allow_algo": False}}).status_code == 201
    of_pages = make_key(as_alice, referer_host="example.com")
    for wanted in ({"referer_host": "Example.com"}, {"allow_web_algo": False}):
        assert of_pages.post(KEYS, {"name": "x", "permissions": wanted}).status_code == 201


def test_a_key_of_a_team_makes_keys_of_that_team(team: Organization, alice: User) -> None:
    vision = create_team(scope=scope_of(alice, "team"), name="Vision", now=timezone.now())
    held = Caller(create_api_key(organization=team, name="held", by=alice, team=vision).text)
    made = held.post("/v1/organizations/team/keys", {"name": "made"}).json()
    assert made["team"] == "Vision"
    assert entry_of(Caller(made["key"])).team == str(vision.pk)


def test_data_has_permissions_of_its_own(as_alice: Caller) -> None:
    reader = make_key(as_alice, allow_data_write=False)
    key = ApiKey.objects.get(key_hash=hash_key(str(reader.key)))
    check_can_read_data(key)
    with pytest.raises(PermissionDenied):
        check_can_write_data(key)
    key.allow_data = False
    with pytest.raises(PermissionDenied):
        check_can_read_data(key)
