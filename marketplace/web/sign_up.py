"""How people come in: what allauth asks of us."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from marketplace.accounts.models import User
from marketplace.errors import Conflict
from marketplace.organizations.selectors import is_slug_taken
from marketplace.organizations.services import open_personal_organization


class AccountAdapter(DefaultAccountAdapter):
    """Signing up makes a user and their personal organization, or neither."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_taken": "This name is taken: choose another one.",
        "email_taken": "This e-mail address has an account already: sign in, or reset its password.",
        "username_password_mismatch": "The name or the password is wrong.",
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "enter_current_password": "This is not your password.",
        "too_many_login_attempts": "Too many failed tries: wait a few minutes.",
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:
        """The name, which becomes an organization's too. Raises ValidationError when either has it, in any case."""
        cleaned = str(super().clean_username(username, shallow=shallow))
        if not shallow and is_slug_taken(cleaned):
            raise self.validation_error("username_taken")
        return cleaned

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Raises Conflict when someone took the name or the address since the form was checked."""
        try:
            with transaction.atomic():
                super().save_user(request, user, form, commit)
                open_personal_organization(user=user)
        except IntegrityError:
            raise Conflict("This name or e-mail address was taken a moment ago: sign up with another one.") from None
        return user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """False, with a message, when another account has the address though it never confirmed it."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False

    def is_safe_url(self, url: str) -> bool:
        """Whether a sign-in may go on to `url`: to pages of this very host only, not to its neighbours."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )
