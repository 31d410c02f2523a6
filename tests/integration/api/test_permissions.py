"""Who gets what answer at every address: the whole table."""

import json
import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from marketplace.accounts.models import User
from marketplace.algorithms.secrets import set_secret
from marketplace.api.urls import urlpatterns
from marketplace.api.views.async_calls import CallLaterView
from marketplace.api.views.batches import BatchLaterView
from marketplace.api.views.unknown import UnknownPathView
from marketplace.organizations.invitations import invite
from marketplace.organizations.models import Membership, Organization, Role
from marketplace.organizations.services import add_member, revoke_api_key
from marketplace.settings import REPOSITORY
from tests.factories.async_calls import make_async_call, make_batch
from tests.factories.catalogue import make_algorithm, make_build, make_version
from tests.factories.people import make_api_key, make_user, scope_of
from tests.integration.api.conftest import Caller

EVERYONE = frozenset(Role)
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})
DEVELOPERS = MANAGERS | {Role.DEVELOPER}
CALLERS = DEVELOPERS | {Role.CALLER}
SPENDERS = MANAGERS | {Role.BILLING}
BOOKKEEPERS = SPENDERS | {Role.AUDITOR}
ALGORITHM = "/v1/algorithms/{owner}/{name}"
ORGANIZATION = "/v1/organizations/{organization}"
INSIGHTS = [{"insight_key": "sure", "insight_value": 0.5}]
IMPORT = {"provider": "github", "url": "https://github.com/ann/ocr"}
SECRET = {"short_name": "A secret", "secret_key": "FRESH", "secret_value": "x"}
BATCH = "/v1/batches/{batch_id}"
ASYNC_CALL = "/v1/calls/req-{call_id}"
LANGUAGES = "/v1/algorithm-environments/edge/languages"


@dataclass(frozen=True)
class Row:
    """An operation, and the status that each who asks gets: `done` those of the organization in a role of `may`,
    403 its other members.

    A revoked key gets 401 everywhere, even where no key is needed: whoever sends one learns that it is wrong.
    """

    method: str
    path: str
    done: int
    may: frozenset[Role]
    stranger: int
    anonymous: int
    body: Any = None
    name: str = "secret"
    administrator: int | None = None
    """Of the platform, with a personal key; what a stranger gets, if it is not said."""

    def expected(self) -> dict[str, int]:
        roles = {role.value: self.done if role in self.may else 403 for role in Role}
        administrator = self.stranger if self.administrator is None else self.administrator
        others = {"stranger": self.stranger, "anonymous": self.anonymous, "administrator": administrator}
        return roles | others | {"revoked": 401}


TABLE = [
    # method, path, of those in the organization who may, who may, strangers, anonymous
    Row("get", "/v1/algorithms", 200, EVERYONE, 200, 200),
    Row("post", "/v1/algorithms/{owner}", 201, DEVELOPERS, 404, 401,
        {"name": "fresh", "settings": {"algorithm_environment": "python3"}}),
    Row("get", ALGORITHM, 200, EVERYONE, 404, 404),
    Row("get", ALGORITHM, 200, EVERYONE, 200, 200, name="shown"),
    Row("put", ALGORITHM, 200, DEVELOPERS, 404, 401, {"details": {"tagline": "Changed."}}),
    Row("put", ALGORITHM, 200, DEVELOPERS, 404, 401, {"details": {"tagline": "Changed."}}, name="shown"),
    Row("delete", ALGORITHM, 204, MANAGERS, 404, 401),
    Row("delete", ALGORITHM, 409, MANAGERS, 404, 401, name="shown"),
    Row("post", f"{ALGORITHM}/compile", 200, DEVELOPERS, 404, 401),
    Row("post", f"{ALGORITHM}/compile", 200, DEVELOPERS, 404, 401, name="shown"),
    Row("get", f"{ALGORITHM}/scm/status", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/scm/status", 200, EVERYONE, 404, 401, name="shown"),
    Row("post", f"{ALGORITHM}/collections/{{collection_id}}", 404, EVERYONE, 404, 401),
    Row("get", "/v1/hostedData", 200, EVERYONE, 200, 401),
    Row("get", "/v1/monitor", 200, EVERYONE, 200, 401),
    Row("get", "/v1/monitor?all=true", 403, EVERYONE, 403, 401, administrator=200),
    Row("post", "/v1/monitor/calls/{call_id}/end", 404, CALLERS, 404, 401),
    Row("put", "/v1/monitor/nodes/{node}/drain", 403, EVERYONE, 403, 401, {"draining": True}, administrator=404),
    Row("post", "/v1/monitor/nodes/{node}/slots/{slot}/end", 403, EVERYONE, 403, 401, administrator=404),
    Row("get", f"{ALGORITHM}/versions/{{version}}/prices", 200, EVERYONE, 404, 404),
    Row("get", f"{ALGORITHM}/versions/{{version}}/prices", 200, EVERYONE, 200, 200, name="shown"),
    Row("post", f"{ALGORITHM}/versions/{{version}}/prices", 201, DEVELOPERS, 404, 401, {"royalty_microcredits": 9}),
    Row("post", f"{ALGORITHM}/versions/{{version}}/prices", 201, DEVELOPERS, 404, 401, {"royalty_microcredits": 9},
        name="shown"),
    Row("get", f"{ALGORITHM}/versions/{{version}}/sbom", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/versions/{{version}}/sbom", 200, EVERYONE, 404, 401, name="shown"),
    Row("get", f"{ALGORITHM}/versions/{{version}}/supply-chain", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/versions/{{version}}/supply-chain", 200, EVERYONE, 404, 401, name="shown"),
    Row("post", f"{ALGORITHM}/quote", 200, EVERYONE, 404, 401, {}),
    Row("post", f"{ALGORITHM}/quote", 200, EVERYONE, 200, 401, {}, name="shown"),
    Row("get", f"{ALGORITHM}/insights", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/insights", 200, EVERYONE, 404, 401, name="shown"),
    Row("post", "/v1/insights?algorithm={owner}/{name}", 200, EVERYONE, 404, 401, INSIGHTS),
    Row("post", "/v1/insights?algorithm={owner}/{name}", 200, EVERYONE, 404, 401, INSIGHTS, name="shown"),
    Row("get", f"{ALGORITHM}/errors", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/errors", 200, EVERYONE, 404, 401, name="shown"),
    Row("get", f"{ALGORITHM}/secrets", 200, DEVELOPERS, 404, 401),
    Row("get", f"{ALGORITHM}/secrets", 200, DEVELOPERS, 404, 401, name="shown"),
    Row("post", f"{ALGORITHM}/secrets", 201, DEVELOPERS, 404, 401, SECRET),
    Row("post", f"{ALGORITHM}/secrets", 201, DEVELOPERS, 404, 401, SECRET, name="shown"),
    Row("put", f"{ALGORITHM}/secrets/{{secret_id}}", 200, DEVELOPERS, 404, 401, {"description": "Changed."}),
    Row("put", f"{ALGORITHM}/secrets/{{secret_id}}", 200, DEVELOPERS, 404, 401, {}, name="shown"),
    Row("delete", f"{ALGORITHM}/secrets/{{secret_id}}", 204, DEVELOPERS, 404, 401),
    Row("delete", f"{ALGORITHM}/secrets/{{secret_id}}", 204, DEVELOPERS, 404, 401, name="shown"),
    Row("get", f"{ALGORITHM}/builds", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/builds", 200, EVERYONE, 404, 401, name="shown"),
    Row("post", f"{ALGORITHM}/builds", 201, DEVELOPERS, 404, 401, "upload"),
    Row("post", f"{ALGORITHM}/builds", 201, DEVELOPERS, 404, 401, "upload", name="shown"),
    Row("get", f"{ALGORITHM}/builds/{{build_id}}", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/builds/{{build_id}}", 200, EVERYONE, 404, 401, name="shown"),
    Row("get", f"{ALGORITHM}/builds/{{build_id}}/logs", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/builds/{{build_id}}/logs", 200, EVERYONE, 404, 401, name="shown"),
    Row("post", f"{ALGORITHM}/builds/{{build_id}}/cancel", 409, DEVELOPERS, 404, 401),
    Row("post", f"{ALGORITHM}/builds/{{build_id}}/retry", 409, DEVELOPERS, 404, 401),
    Row("get", f"{ALGORITHM}/versions", 200, EVERYONE, 404, 404),
    Row("get", f"{ALGORITHM}/versions", 200, EVERYONE, 200, 200, name="shown"),
    Row("post", f"{ALGORITHM}/versions", 201, DEVELOPERS, 404, 401, {"build_id": "{build_id}"}),
    Row("post", f"{ALGORITHM}/versions", 201, DEVELOPERS, 404, 401, {"build_id": "{build_id}"}, name="shown"),
    Row("get", f"{ALGORITHM}/versions/{{version}}", 200, EVERYONE, 404, 404),
    Row("get", f"{ALGORITHM}/versions/{{version}}", 200, EVERYONE, 200, 200, name="shown"),
    Row("delete", f"{ALGORITHM}/versions/{{version}}", 204, MANAGERS, 404, 401),
    Row("delete", f"{ALGORITHM}/versions/{{version}}", 204, MANAGERS, 404, 401, name="shown"),
    Row("put", f"{ALGORITHM}/versions/{{version}}", 200, DEVELOPERS, 404, 401,
        {"deprecated": "Use 2.", "latest": True}),
    Row("put", f"{ALGORITHM}/versions/{{version}}", 200, DEVELOPERS, 404, 401, {"deprecated": None}, name="shown"),
    Row("get", f"{ALGORITHM}/samples", 200, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/samples", 200, EVERYONE, 404, 401, name="shown"),
    Row("put", f"{ALGORITHM}/samples", 200, DEVELOPERS, 404, 401, {"on_change": "refuse"}),
    Row("put", f"{ALGORITHM}/samples", 200, DEVELOPERS, 404, 401, {"samples": []}, name="shown"),
    Row("get", f"{ALGORITHM}/import", 404, DEVELOPERS, 404, 401),
    Row("get", f"{ALGORITHM}/import", 404, DEVELOPERS, 404, 401, name="shown"),
    Row("put", f"{ALGORITHM}/import", 200, DEVELOPERS, 404, 401, IMPORT),
    Row("put", f"{ALGORITHM}/import", 200, DEVELOPERS, 404, 401, IMPORT, name="shown"),
    Row("delete", f"{ALGORITHM}/import", 404, DEVELOPERS, 404, 401),
    Row("delete", f"{ALGORITHM}/import", 404, DEVELOPERS, 404, 401, name="shown"),
    Row("get", f"{ALGORITHM}/traffic", 404, EVERYONE, 404, 401),
    Row("get", f"{ALGORITHM}/traffic", 404, EVERYONE, 404, 401, name="shown"),
    Row("put", f"{ALGORITHM}/traffic", 400, DEVELOPERS, 404, 401,
        {"base": "0.1.0", "candidate": "0.1.0", "percent": 10}),
    Row("put", f"{ALGORITHM}/traffic", 400, DEVELOPERS, 404, 401,
        {"base": "0.1.0", "candidate": "0.1.0", "percent": 10}, name="shown"),
    Row("delete", f"{ALGORITHM}/traffic", 204, DEVELOPERS, 404, 401),
    Row("delete", f"{ALGORITHM}/traffic", 204, DEVELOPERS, 404, 401, name="shown"),
    Row("get", LANGUAGES, 200, EVERYONE, 200, 200),
    Row("get", f"{LANGUAGES}/{{language}}/environments", 200, EVERYONE, 200, 200),
    Row("get", "/v1/algorithm-environments/edge/environments", 200, EVERYONE, 200, 200),
    Row("get", "/v1/algorithm-environments/edge/environment-specifications/{environment_id}/template",
        200, EVERYONE, 200, 200),
    Row("get", "/v1/secret-provider", 200, EVERYONE, 200, 200),
    Row("get", "/v1/scms", 200, EVERYONE, 200, 200),
    Row("get", "/v1/scms/{host_id}", 200, EVERYONE, 200, 200),
    Row("get", "/v1/organizations", 200, EVERYONE, 200, 401),
    Row("get", "/v1/organization/types", 200, EVERYONE, 200, 200),
    Row("post", "/v1/organizations", 403, EVERYONE, 201, 401, {"org_name": "lab"}),
    Row("get", ORGANIZATION, 200, EVERYONE, 404, 401, administrator=200),
    Row("put", ORGANIZATION, 204, MANAGERS, 404, 401, {"org_label": "Changed"}, administrator=204),
    Row("delete", ORGANIZATION, 204, frozenset({Role.OWNER}), 404, 401, administrator=204),
    Row("get", f"{ORGANIZATION}/members", 200, EVERYONE, 404, 401, administrator=200),
    Row("put", f"{ORGANIZATION}/members/{{username}}", 200, MANAGERS, 404, 401, {}, administrator=200),
    Row("delete", f"{ORGANIZATION}/members/{{username}}", 204, DEVELOPERS, 404, 401, administrator=204),
    Row("get", f"{ORGANIZATION}/invitations", 200, MANAGERS, 404, 401, administrator=200),
    Row("post", f"{ORGANIZATION}/invitations", 201, MANAGERS, 404, 401, {"email": "eve@example.com"},
        administrator=201),
    Row("get", f"{ORGANIZATION}/invitations/{{invitation_id}}", 200, MANAGERS, 404, 401, administrator=200),
    Row("delete", f"{ORGANIZATION}/invitations/{{invitation_id}}", 204, MANAGERS, 404, 401, administrator=204),
    Row("get", f"{ORGANIZATION}/keys", 200, EVERYONE, 404, 401),
    Row("post", f"{ORGANIZATION}/keys", 201, CALLERS, 404, 401, {"name": "another"}),
    Row("delete", f"{ORGANIZATION}/keys/{{key_id}}", 204, MANAGERS, 404, 401),
    Row("get", f"{ORGANIZATION}/keys/{{key_id}}/limits", 200, EVERYONE, 404, 401),
    Row("put", f"{ORGANIZATION}/keys/{{key_id}}/limits", 200, SPENDERS, 404, 401, {"calls_at_once": 2}),
    Row("get", f"{ORGANIZATION}/secrets", 200, DEVELOPERS, 404, 401),
    Row("post", f"{ORGANIZATION}/secrets", 201, DEVELOPERS, 404, 401, SECRET),
    Row("delete", f"{ORGANIZATION}/secrets/{{secret_id}}", 404, DEVELOPERS, 404, 401),
    Row("get", f"{ORGANIZATION}/budgets", 200, EVERYONE, 404, 401),
    Row("post", f"{ORGANIZATION}/budgets", 200, SPENDERS, 404, 401, {"period": "month", "amount_microcredits": 9}),
    Row("delete", f"{ORGANIZATION}/budgets/{{budget_id}}", 404, SPENDERS, 404, 401),
    Row("get", f"{ORGANIZATION}/balance", 200, EVERYONE, 404, 401),
    Row("get", f"{ORGANIZATION}/payments", 200, BOOKKEEPERS, 404, 401),
    Row("post", f"{ORGANIZATION}/payments", 409, SPENDERS, 404, 401, {"amount_cents": 2_000}),
    Row("get", f"{ORGANIZATION}/payments/{{payment_id}}", 404, BOOKKEEPERS, 404, 401),
    Row("get", f"{ORGANIZATION}/invoices", 200, BOOKKEEPERS, 404, 401),
    Row("get", f"{ORGANIZATION}/invoices/{{invoice_id}}", 404, BOOKKEEPERS, 404, 401),
    Row("get", f"{ORGANIZATION}/payouts", 200, BOOKKEEPERS, 404, 401),
    Row("post", f"{ORGANIZATION}/payouts", 409, SPENDERS, 404, 401),
    Row("get", f"{ORGANIZATION}/errors", 200, EVERYONE, 404, 401),
    Row("get", f"{ORGANIZATION}/calls", 200, EVERYONE, 404, 401),
    Row("get", BATCH, 200, EVERYONE, 404, 401),
    Row("delete", BATCH, 200, CALLERS, 404, 401),
    Row("post", f"{BATCH}/cancel", 200, CALLERS, 404, 401),
    Row("get", f"{ORGANIZATION}/webhook-secret", 200, CALLERS, 404, 401),
    Row("post", f"{ORGANIZATION}/webhook-secret", 200, MANAGERS, 404, 401),
    Row("get", "/v1/calls", 200, EVERYONE, 200, 401),
    Row("get", ASYNC_CALL, 200, EVERYONE, 404, 401),
    Row("delete", ASYNC_CALL, 200, CALLERS, 404, 401),
    Row("post", f"{ASYNC_CALL}/cancel", 200, CALLERS, 404, 401),
    Row("get", "/v1/users", 403, EVERYONE, 403, 401, administrator=200),
    Row("post", "/v1/users", 403, EVERYONE, 403, 401, {}, administrator=400),
    Row("get", "/v1/users/{username}", 403, EVERYONE, 404, 401, administrator=200),
    Row("delete", "/v1/users/{username}", 403, EVERYONE, 404, 401, administrator=409),
    Row("get", "/v1/users/{username}/errors", 403, EVERYONE, 404, 401, administrator=200),
    Row("get", "/v1/users/{username}/algorithms", 200, EVERYONE, 200, 200),
]  # fmt: skip


PARTS = 6
"""Of the table, each a test: a slow machine does not do all of it in the time of one."""


@dataclass(frozen=True)
class World:
    """The team's things, and a client for each who asks."""

    callers: dict[str, Caller]
    places: dict[str, dict[str, str]]
    """What stands for the names in a path, by algorithm."""

    def send(self, row: Row, caller: str) -> int:
        """The status. What the request did is undone, so that each caller finds the same world."""
        before = transaction.savepoint()
        try:
            return self._send(row, caller)
        finally:
            transaction.savepoint_rollback(before)

    def _send(self, row: Row, caller: str) -> int:
        place = self.places[row.name]
        path = row.path.format(**place)
        client = self.callers[caller]
        if row.body == "upload":
            return int(client.upload(path, source=SimpleUploadedFile("source.tar.gz", b"a source")).status_code)
        body = json.loads(json.dumps(row.body or {}), object_hook=lambda found: _fill(found, place))
        arguments = (path, body) if row.method in {"post", "put"} else (path,)
        return int(getattr(client, row.method)(*arguments).status_code)


def _fill(body: dict[str, Any], place: dict[str, str]) -> dict[str, Any]:
    return {key: value.format(**place) if isinstance(value, str) else value for key, value in body.items()}


@pytest.fixture
def world(team: Organization, alice: User, bob: User, charlie: User) -> World:
    revoked = make_api_key(team, by=alice)
    revoke_api_key(key=revoked.row, by=alice)
    keys = {"owner": make_api_key(team, by=alice), "developer": make_api_key(team, by=bob), "revoked": revoked}
    for role in set(Role) - {Role.OWNER, Role.DEVELOPER}:
        person = make_user(f"the_{role}")
        add_member(organization=team, user=person, role=Role.DEVELOPER, by=alice)
        keys[role.value] = make_api_key(team, by=person)
        Membership.objects.filter(user=person, organization=team).update(role=role)  # the key outlives its maker's role
    administrator = make_user("root_person")
    User.objects.filter(pk=administrator.pk).update(is_superuser=True)
    keys |= {"stranger": make_api_key(by=charlie), "administrator": make_api_key(by=administrator)}
    now = revoked.row.created_at
    invitation = invite(scope=scope_of(alice, "team"), email="dora@example.com", role=Role.CALLER, now=now)
    places = {}
    for name, public in (("secret", False), ("shown", True)):
        algorithm = make_algorithm(name, by=alice, owner="team", public=public)
        version = make_version(algorithm)
        secret, _ = set_secret(algorithm=algorithm, variable="KEPT", value="x", label="Kept", by=alice)
        places[name] = {
            "owner": "team",
            "organization": "team",
            "username": "bob",
            "secret_id": str(secret.id),
            "collection_id": str(uuid.uuid4()),
            "budget_id": str(uuid.uuid4()),
            "invitation_id": str(invitation.id),
            "payment_id": str(uuid.uuid4()),
            "invoice_id": str(uuid.uuid4()),
            "algorithm_id": str(algorithm.id),
            "environment_id": "python3",
            "host_id": "internal",
            "node": "machine",
            "slot": "1",
            "name": name,
            "build_id": str(make_build(algorithm).id),
            "version": "0.1.0",
            "language": "python",
            "batch_id": str(make_batch(version, scope=scope_of(alice, "team")).id),
            "call_id": str(make_async_call(version, scope=scope_of(alice, "team")).id),
            "key_id": str(make_api_key(team, by=alice).row.id),
        }
    callers = {name: Caller(key.text) for name, key in keys.items()} | {"anonymous": Caller(None)}
    return World(callers, places)


@pytest.mark.parametrize("part", range(PARTS))
def test_each_caller_gets_the_answer_of_the_table(world: World, part: int) -> None:
    """One world for many rows: it takes a tenth of the time of a world for each."""
    surprises = find_surprises(world, TABLE[part::PARTS])
    assert not surprises, surprises


def test_by_its_id_an_algorithm_is_as_closed_as_by_its_name(world: World) -> None:
    rows = [row for row in TABLE if row.path.startswith(ALGORITHM)]
    by_id = [replace(row, path=row.path.replace("{owner}/{name}", "{algorithm_id}")) for row in rows]
    assert not find_surprises(world, by_id, ("anonymous", "stranger", "developer", "auditor", "revoked"))


def find_surprises(world: World, rows: list[Row], callers: Collection[str] = ()) -> str:
    """What was answered other than the rows say."""
    return "\n".join(
        f"{row.method} {row.path} of {row.name} as {caller}: {status}, not {expected}"
        for row in rows
        for caller, expected in row.expected().items()
        if not callers or caller in callers
        if (status := world.send(row, caller)) != expected
    )


ALIASES = {
    f"{ALGORITHM}/version": f"{ALGORITHM}/versions",
    "/v1/users/{organization}/keys": f"{ORGANIZATION}/keys",
    "/v1/openapispec": "/v1/schema",
}
OPEN = {"/v1/schema", "/v1/docs"}
SIGNED = {"/v1/webhooks/stripe", "/v1/webhooks/git/{import_id}"}
"""Where nobody has a key: what comes there is signed."""
METHODS = ("get", "post", "put", "patch", "delete")


def served() -> dict[str, Any]:
    """The view at every address of the API; an algorithm's id reads like its owner and name."""
    views = {}
    for pattern in urlpatterns:
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if path not in SIGNED:
            views[path.replace("{algorithm_id}", "{owner}/{name}")] = pattern.callback.cls
    return views


def test_the_table_has_every_operation_of_the_addresses() -> None:
    """A new address without a rule fails here."""
    views = served()
    by_pattern = {views.pop(path) for path in list(views) if path.startswith("/^")}
    assert by_pattern == {UnknownPathView, CallLaterView, BatchLaterView}, "calls that may wait have tests of their own"
    operations = {
        (method, path)
        for path, view in views.items()
        for method in METHODS
        if path not in OPEN | ALIASES.keys() and hasattr(view, method)
    }
    assert {(row.method, row.path.partition("?")[0]) for row in TABLE} == operations
    for alias, path in ALIASES.items():
        assert issubclass(views[alias], views[path])


def test_the_schema_has_every_operation_of_the_table() -> None:
    schema = json.loads((REPOSITORY / "docs" / "reference" / "openapi.json").read_text("utf-8"))
    described = {(method, path) for path, methods in schema["paths"].items() for method in methods}
    assert {(row.method, row.path.partition("?")[0]) for row in TABLE} <= described


def test_a_personal_key_of_a_member_is_a_strangers(world: World, bob: User) -> None:
    """Whom a key acts for is decided when it is made, not by what its maker may reach."""
    personal = Caller(make_api_key(by=bob).text)
    assert personal.get("/v1/organizations/team/calls").status_code == 404
    assert personal.get("/v1/organizations/team").status_code == 200, "but it may see to the organization itself"
    assert personal.get("/v1/algorithms/team/secret").status_code == 404
    assert personal.get("/v1/algorithms/team/shown").status_code == 200
