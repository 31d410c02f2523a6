"""Writes of people."""

from django.db import transaction

from marketplace.accounts.models import User
from marketplace.audit.services import record
from marketplace.errors import NotFound


@transaction.atomic
def erase_person(*, user: User) -> None:
    """Takes away all that says who they are, and every way to sign in. The row stays, for records to point at."""
    record(actor=user, organization_id=None, action="account.delete", subject_label=user.username, subject_id=user.pk)
    user.username = f"deleted_{user.pk}"
    user.email = user.first_name = user.last_name = ""
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.save()


@transaction.atomic
def note_security(*, user: User, action: str) -> None:
    """Notes what somebody changed of how they sign in themselves."""
    record(actor=user, organization_id=None, action=action, subject_label=user.username, subject_id=user.pk)


@transaction.atomic
def set_administrator(*, username: str, administrator: bool) -> User:
    """Makes somebody an administrator of the platform, or takes it back: an act of the platform. Raises NotFound."""
    user = User.objects.filter(username__iexact=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is nobody called {username}: people sign up first.")
    user.is_staff = user.is_superuser = administrator
    user.save(update_fields=["is_staff", "is_superuser"])
    action = "administrator.add" if administrator else "administrator.remove"
    record(actor=None, organization_id=None, action=action, subject_label=user.username, subject_id=user.pk)
    return user
