"""`agora administrator`"""

import pytest
from click.testing import CliRunner

from marketplace.accounts.models import User
from marketplace.audit.models import AuditEvent
from marketplace.cli.main import main


def test_somebody_becomes_an_administrator_and_is_one_no_longer(alice: User) -> None:
    done = CliRunner().invoke(main, ["administrator", "Alice"])
    assert (done.exit_code, done.output) == (0, "Alice is now an administrator of the platform.\n")
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff) == (True, True)
    assert CliRunner().invoke(main, ["administrator", "alice", "--remove"]).exit_code == 0
    alice.refresh_from_db()
    assert (alice.is_superuser, alice.is_staff) == (False, False)
    actions = AuditEvent.objects.filter(subject_label="alice", action__startswith="administrator").order_by("id")
    assert [event.action for event in actions] == ["administrator.add", "administrator.remove"]


@pytest.mark.django_db
def test_nobody_is_none() -> None:
    done = CliRunner().invoke(main, ["administrator", "nobody_here"])
    assert done.exit_code == 1
    assert "There is nobody called nobody_here" in done.output
