"""What those who run the platform do about a person: keep them out, and let them in again."""

from django.db import transaction

from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.audit.services import record
from marketplace.errors import Conflict
from marketplace.organizations.models import ApiKey
from marketplace.organizations.publication import publish_keys_now


@transaction.atomic
def set_suspended(*, user: User, suspended: bool, by: User) -> None:
    """A suspended person cannot sign in, and no key that they made works, within a second. Safe to repeat.

    Raises PermissionDenied; Conflict for oneself, and for somebody whose account was deleted.
    """
    check_is_operator(by)
    current = User.objects.select_for_update().get(pk=user.pk)
    if current.pk == by.pk:
        raise Conflict("You cannot suspend yourself.")
    if not current.email:
        raise Conflict(f"The account {current.username} was deleted.")
    if current.is_active != suspended:
        return
    current.is_active = not suspended
    current.save(update_fields=["is_active"])
    action = "account.suspend" if suspended else "account.restore"
    record(actor=by, organization_id=None, action=action, subject_label=current.username, subject_id=current.pk)
    hashes = list(ApiKey.objects.filter(created_by=current, revoked_at=None).values_list("key_hash", flat=True))
    # Not robust: whoever suspends must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_keys_now(hashes))
