"""Reads of people."""

from allauth.account.models import EmailAddress
from allauth.mfa.utils import is_mfa_enabled
from django.db.models import QuerySet

from marketplace.accounts.models import User


def find_user(*, name_or_email: str) -> User | None:
    """The active person with that user name, or with that e-mail address if they confirmed it, in any case.

    An address that was not confirmed finds nobody: anyone can sign up with it.
    """
    people = User.objects.filter(is_active=True)
    if "@" in name_or_email:  # no user name has one
        confirmed = EmailAddress.objects.filter(email=name_or_email.lower(), verified=True)
        return people.filter(pk__in=confirmed.values("user_id")).first()
    return people.filter(username__iexact=name_or_email).first()


def has_second_factor(user: User) -> bool:
    """Whether signing in as them takes more than a password."""
    return bool(is_mfa_enabled(user))


def list_confirmed_domains(user: User) -> list[str]:
    """Of their mail, in lower case: only of addresses that they confirmed."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True)
    return [email.rpartition("@")[2].lower() for email in confirmed.values_list("email", flat=True)]


def list_users() -> QuerySet[User]:
    """Everybody who is active, by name."""
    return User.objects.filter(is_active=True).order_by("username")
