"""The audit log: found, filtered, taken away."""

import csv
import json
from typing import Any

from django.test import Client

from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.organizations.models import Organization
from tests.factories.people import make_api_key
from tests.integration.web.console.conftest import TEAM

AUDIT = f"{TEAM}/audit"


def read(response: Any) -> str:
    return b"".join(response.streaming_content).decode()


def test_an_act_says_from_where_it_was_asked(as_alice: Client, team: Organization, alice: User) -> None:
    as_alice.post(f"{TEAM}/keys", {"name": "by page"}, REMOTE_ADDR="203.0.113.7")
    event = AuditEvent.objects.get(action="key.create")
    assert (event.address, event.via) == ("203.0.113.7", "session")
    key = make_api_key(team, by=alice, name="direct")
    as_key = Client(headers={"Authorization": f"Simple {key.text}"}, REMOTE_ADDR="203.0.113.8")
    as_key.post("/v1/organizations/team/keys", {"name": "by key"}, content_type="application/json")
    event = AuditEvent.objects.get(subject_label="by key")
    assert (event.address, event.via) == ("203.0.113.8", f"key {key.row.prefix}")


def test_it_is_filtered(as_alice: Client, as_bob: Client, team: Organization) -> None:
    as_alice.post(f"{TEAM}/keys", {"name": "one"})
    as_bob.post(f"{TEAM}/keys", {"name": "two"})
    lines = [json.loads(line) for line in read(as_alice.get(f"{AUDIT}.jsonl", {"actor": "BOB"})).splitlines()]
    assert [(line["actor_label"], line["subject_label"]) for line in lines] == [("bob", "two")]
    assert "two" not in as_alice.get(AUDIT, {"action": "key.create", "subject": "on"}).content.decode()
    assert "Nothing found" in as_alice.get(AUDIT, {"until": "2001-01-01"}).content.decode()
    odd = as_alice.get(AUDIT, {"action": "no.such", "since": "never"})
    assert (odd.status_code, "two" in odd.content.decode()) == (200, True)


def test_it_is_taken_away(as_alice: Client, team: Organization) -> None:
    as_alice.post(f"{TEAM}/keys", {"name": "=cmd()"})
    rows = list(csv.DictReader(read(as_alice.get(f"{AUDIT}.csv")).splitlines()))
    assert (rows[0]["action"], rows[0]["subject_label"]) == ("key.create", "'=cmd()")
    assert len(rows) == AuditEvent.objects.filter(organization_id=team.id).count()
