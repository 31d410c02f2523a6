"""Two-factor sign-in: allauth's pages, with its secrets sealed and what they do in the audit trail."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from marketplace.accounts.services import note_security
from marketplace.sealing import seal, unseal


class SealedAdapter(DefaultMFAAdapter):
    """What codes are made from is sealed like every other secret."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "This code is wrong, or was used already: wait for the next one.",
        "unverified_email": "Confirm your e-mail address first: without it, nobody can help you back in.",
        "add_email_blocked": "Turn two-factor sign-in off to change your address, and on again.",
    }

    def get_totp_label(self, user: Any) -> str:
        """Which account it is, in the person's app."""
        return str(user.username)

    def encrypt(self, text: str) -> str:
        """For the database."""
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Raises CannotUnseal."""
        return unseal(encrypted_text)


class _Noted:
    """A form whose success is an act: neither it nor its entry in the audit trail is without the other."""

    action = ""
    request: Any

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        note_security(user=self.request.user, action=self.action)
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        return response


class Activate(_Noted, ActivateTOTPView):
    """Shows a code to scan, and takes the first number. `?next=` is where the recovery codes lead on to."""

    action = "two_factor.activate"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if (back := request.GET.get("next", "")) and get_adapter(request).is_safe_url(back):
            request.session["after_two_factor"] = back
        response: HttpResponse = super().get(request, *args, **kwargs)
        return response


class Deactivate(_Noted, DeactivateTOTPView):
    """Asks, and turns it off."""

    action = "two_factor.deactivate"


class MakeCodes(_Noted, GenerateRecoveryCodesView):
    """Asks, and makes new recovery codes."""

    action = "two_factor.new_codes"
