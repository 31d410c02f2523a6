"""Orders to what runs now. Each is noted before it is given: an act that nobody can trace must not be."""

import uuid

import redis
from django.db import transaction

from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.audit.services import record
from marketplace.directory import monitoring
from marketplace.errors import NotFound, Unavailable
from marketplace.monitor.selectors import get_running_call
from marketplace.organizations.permissions import check_can_end_calls
from marketplace.organizations.selectors import AccessibleOrganization

AWAY = "The order could not be given: Redis does not answer. Try again in a moment."


@transaction.atomic
def end_call(*, user: User, scope: AccessibleOrganization | None, call_id: str) -> None:
    """Ends a call; its caller is told who did it, and owes the time until then.

    `scope` is the organization that pays for it; None is for operators.
    Raises PermissionDenied, NotFound for one that has ended, Unavailable.
    """
    if scope is None:
        check_is_operator(user)
    else:
        check_can_end_calls(scope)
    call = get_running_call(scope=scope, call_id=call_id)
    who = "an operator of this platform" if scope is None else user.get_username()
    _note(user, "call.end", f"{call.algorithm}/{call.version}", call_id, organization_id=uuid.UUID(call.payer_id))
    if not _order(monitoring.EndCall(call_id, f"This call was ended by {who}.")):
        raise NotFound("This call has just ended by itself.")


@transaction.atomic
def end_slot(*, user: User, node: str, slot_id: int) -> None:
    """Ends a slot, after the call that it runs. Raises PermissionDenied, NotFound, Unavailable."""
    check_is_operator(user)
    _note(user, "slot.end", f"slot {slot_id} of {node}", slot_id)
    if not _order(monitoring.EndSlot(node, slot_id)):
        raise NotFound(f"There is no machine {node}.")


@transaction.atomic
def set_draining(*, user: User, node: str, draining: bool) -> None:
    """Has a machine begin no more calls, or take them again. Raises PermissionDenied, NotFound, Unavailable."""
    check_is_operator(user)
    _note(user, "node.drain" if draining else "node.resume", node, node)
    if not _order(monitoring.SetDraining(node, draining)):
        raise NotFound(f"There is no machine {node}.")


def _note(user: User, action: str, label: str, subject: object, *, organization_id: uuid.UUID | None = None) -> None:
    record(actor=user, organization_id=organization_id, action=action, subject_label=label, subject_id=subject)


def _order(what: monitoring.Order) -> bool:
    try:
        return monitoring.order(what)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(AWAY) from error
