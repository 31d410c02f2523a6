"""The audit trail can only grow."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.audit.selectors import list_events
from marketplace.audit.services import record

TENANT = uuid.uuid4()


def note(actor: User | None, action: str = "thing.do", tenant: uuid.UUID = TENANT) -> AuditEvent:
    with transaction.atomic():
        return record(actor=actor, organization_id=tenant, action=action, subject_label="a thing" * 99, subject_id=7)


def test_it_notes_who_did_what(alice: User) -> None:
    event = note(alice)
    assert (event.actor_id, event.actor_label, event.action, event.subject_id) == (
        alice.pk, "alice", "thing.do", "7",
    )  # fmt: skip
    assert len(event.subject_label) == 255
    assert event.details == {}


def test_the_platform_acts_too(db: None) -> None:
    event = note(None)
    assert (event.actor_id, event.actor_label) == (None, "platform")


def test_an_organization_sees_its_own_newest_first(db: None) -> None:
    note(None, "first.act")
    note(None, "other.act", tenant=uuid.uuid4())
    note(None, "second.act")
    assert [event.action for event in list_events(organization_id=TENANT)] == ["second.act", "first.act"]


@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET actor_label = 'x'", "DELETE FROM audit_auditevent"])
def test_nothing_is_changed_or_deleted(db: None, statement: str) -> None:
    note(None)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.get().actor_label == "platform"


def test_history_outlives_who_made_it(db: None) -> None:
    someone = User.objects.create_user("someone", "")
    note(someone)
    someone.delete()
    assert AuditEvent.objects.get().actor_label == "someone"


@pytest.mark.django_db(transaction=True)
def test_it_belongs_to_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="outside a transaction"):
        record(actor=None, organization_id=None, action="thing.do", subject_label="x", subject_id=1)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_it_is_gone_with_an_act_that_failed() -> None:
    with transaction.atomic():
        note(None)
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
