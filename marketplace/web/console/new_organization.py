"""Making an organization to share."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.models import Organization
from marketplace.organizations.services import create_organization
from marketplace.web.console.page import signed_in_page


class OrganizationForm(forms.Form):
    """A name for people, and one for addresses."""

    name = forms.CharField(max_length=100, label="Name", error_messages={"required": "Give it a name."})
    slug = forms.CharField(
        max_length=64,
        label="Name in addresses",
        error_messages={"required": "Choose the first part of the address of its algorithms."},
    )


@require_http_methods(["GET", "POST"])
@signed_in_page
def new_organization(request: HttpRequest) -> HttpResponse:
    """The form; a POST makes the organization, with its maker as the owner."""
    form = OrganizationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _make(request, form)
        if made is not None:
            messages.success(request, f"{made.name} is ready: add its members.")
            return redirect("console:members", made.slug)
    return render(request, "console/new_organization.html", {"form": form})


def _make(request: HttpRequest, form: OrganizationForm) -> Organization | None:
    try:
        return create_organization(**form.cleaned_data, by=request.user)
    except InvalidInput as error:
        form.add_error(error.field, error.message)
    except Conflict as error:
        form.add_error("slug", error.message)
    return None
