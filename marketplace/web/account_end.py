"""The end of an account."""

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from marketplace.accounts.models import User
from marketplace.algorithms.closing import close_account
from marketplace.errors import Conflict
from marketplace.web.console.page import signed_in_page


class EndForm(forms.Form):
    """Proof that it is they who ask, and means it."""

    name = forms.CharField(max_length=39, label="Your user name")
    password = forms.CharField(required=False, widget=forms.PasswordInput, label="Your password")
    forfeit = forms.BooleanField(required=False, label="Give up the credits that are left")

    def __init__(self, user: User, data: object = None) -> None:
        super().__init__(data)
        self.user = user

    def clean_name(self) -> str:
        """Raises ValidationError."""
        if self.cleaned_data["name"].strip().lower() != self.user.username.lower():
            raise forms.ValidationError(f"Write {self.user.username} to delete your account.")
        return self.user.username

    def clean_password(self) -> str:
        """Raises ValidationError."""
        if self.user.has_usable_password() and not self.user.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError("This is not your password.")
        return ""


@require_http_methods(["GET", "POST"])
@signed_in_page
def end_account(request: HttpRequest) -> HttpResponse:
    """Says what goes and what stays; a POST deletes the account and signs out."""
    form = EndForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            close_account(user=request.user, forfeit=form.cleaned_data["forfeit"], now=timezone.now())
        except Conflict as error:
            form.add_error(None, error.message)
        else:
            logout(request)
            messages.success(request, "Your account is deleted.")
            return redirect("store:home")
    return render(request, "account/end.html", {"form": form})
