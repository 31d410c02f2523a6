"""What an organization says of itself, and its end."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing import api as billing
from marketplace.algorithms.closing import close_organization, list_obstacles
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import can_close, can_edit_profile, check_can_close, check_can_edit_profile
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.organizations.services import edit_organization
from marketplace.web.console.page import organization_page, render_page


class ProfileForm(forms.Form):
    """What everybody may read."""

    name = forms.CharField(max_length=100, label="Name")
    contact_name = forms.CharField(required=False, max_length=100, label="Contact")
    email = forms.EmailField(required=False, label="E-mail address")
    url = forms.URLField(required=False, max_length=200, label="Website", assume_scheme="https")


@require_http_methods(["GET", "POST"])
@organization_page
def settings(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The profile; a POST changes it."""
    organization = scope.organization
    held = {name: getattr(organization, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=held)
    if request.method == "POST":
        check_can_edit_profile(scope)
        if form.is_valid() and _edit(scope, form):
            messages.success(request, "The profile is changed.")
            return redirect("console:settings", organization.slug)
    context = {
        "form": form,
        "can_edit": can_edit_profile(scope),
        "can_close": can_close(scope) and not organization.personal,
        "obstacles": list_obstacles(organization),
        "balance": billing.get_balance(organization.id),
    }
    return render_page(request, scope, "console/settings.html", "settings", context)


@require_POST
@organization_page
def delete(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Deletes the organization, once its name was written."""
    check_can_close(scope)
    organization = scope.organization
    if request.POST.get("name", "").strip().lower() != organization.slug.lower():
        messages.error(request, f"Nothing was deleted: write {organization.slug} to delete it.")
        return redirect("console:settings", organization.slug)
    try:
        close_organization(scope=scope, forfeit="forfeit" in request.POST, now=timezone.now())
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("console:settings", organization.slug)
    messages.success(request, f"{organization.name} is deleted.")
    return redirect("console:home")


def _edit(scope: AccessibleOrganization, form: ProfileForm) -> bool:
    try:
        edit_organization(organization=scope.organization, by=scope.user, **form.cleaned_data)
    except InvalidInput as error:
        form.add_error(error.field, error.message)
        return False
    return True
