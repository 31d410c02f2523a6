"""Who belongs to an organization, and as what."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.accounts.models import User
from marketplace.accounts.selectors import find_user
from marketplace.errors import Conflict, NotFound
from marketplace.organizations.invitations import get_invitation, invite, list_invitations, take_back
from marketplace.organizations.models import Membership, Role
from marketplace.organizations.permissions import (
    can_manage_members,
    can_manage_owners,
    check_can_manage_members,
    list_abilities,
)
from marketplace.organizations.selectors import AccessibleOrganization, list_members
from marketplace.organizations.services import add_member, remove_member
from marketplace.web.console.page import organization_page, render_confirmation, render_page


class MemberForm(forms.Form):
    """Someone to add."""

    person = forms.CharField(
        max_length=254,
        label="User name or e-mail address",
        error_messages={"required": "Whom? Give a user name or an e-mail address."},
    )
    role = forms.ChoiceField(choices=Role, initial=Role.DEVELOPER, label="Role")

    def clean_person(self) -> User | str:
        """Who it is; the text itself where it is an address that nobody confirmed. Raises ValidationError."""
        text: str = self.cleaned_data["person"]
        user = find_user(name_or_email=text)
        if user is None and "@" in text:
            validate_email(text)
            return text
        if user is None:
            raise forms.ValidationError("There is nobody with this user name.")
        return user


@require_http_methods(["GET", "POST"])
@organization_page
def members(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The members; a POST adds one."""
    form = MemberForm(request.POST or None)
    if request.method == "POST":
        check_can_manage_members(scope)
        if form.is_valid() and (done := _invite(scope, form) or _add(scope, form)):
            messages.success(request, done)
            return redirect("console:members", scope.organization.slug)
    context = {
        "members": list_members(scope=scope),
        "form": form,
        "can_manage_members": can_manage_members(scope) and not scope.organization.personal,
        "can_manage_owners": can_manage_owners(scope),
        "invitations": list_invitations(scope=scope),
        "now": timezone.now(),
        "roles": Role,
        "abilities": list_abilities(),
    }
    return render_page(request, scope, "console/members.html", "members", context)


@require_POST
@organization_page
def change_role(request: HttpRequest, scope: AccessibleOrganization, username: str) -> HttpResponse:
    """Gives a member another role."""
    check_can_manage_members(scope)
    member = _get_member(scope, username)
    role = request.POST.get("role", "")
    if role in Role.values:
        try:
            add_member(organization=scope.organization, user=member.user, role=Role(role), by=scope.user)
            messages.success(request, f"{member.user.username} is {_describe(Role(role))} now.")
        except Conflict as error:
            messages.error(request, error.message)
    return redirect("console:members", scope.organization.slug)


@require_POST
@organization_page
def renew_invitation(request: HttpRequest, scope: AccessibleOrganization, invitation_id: UUID) -> HttpResponse:
    """Mails it again, good for a week from now."""
    check_can_manage_members(scope)
    found = get_invitation(scope=scope, invitation_id=invitation_id)
    invite(scope=scope, email=found.email, role=Role(found.role), now=timezone.now())
    messages.success(request, f"{found.email} is mailed again.")
    return redirect("console:members", scope.organization.slug)


@require_POST
@organization_page
def end_invitation(request: HttpRequest, scope: AccessibleOrganization, invitation_id: UUID) -> HttpResponse:
    """Takes it back."""
    found = take_back(scope=scope, invitation_id=invitation_id, now=timezone.now())
    messages.success(request, f"The invitation of {found.email} is taken back.")
    return redirect("console:members", scope.organization.slug)


@require_http_methods(["GET", "POST"])
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization, username: str) -> HttpResponse:
    """Asks, then ends a membership: one's own, or, as an owner, another's."""
    member = _get_member(scope, username)
    leaving = member.user == scope.user
    if not leaving:
        check_can_manage_members(scope)
    if request.method == "GET":
        return _ask(request, scope, member, leaving=leaving)
    try:
        remove_member(organization=scope.organization, user=member.user, by=scope.user)
    except Conflict as error:
        messages.error(request, error.message)
        return redirect("console:members", scope.organization.slug)
    if leaving:
        messages.success(request, f"You left {scope.organization.slug}.")
        return redirect("console:home")
    messages.success(request, f"{member.user.username} is no longer a member.")
    return redirect("console:members", scope.organization.slug)


def _invite(scope: AccessibleOrganization, form: MemberForm) -> str:
    """What was done, for an address that is nobody's here; empty for anybody else."""
    person = form.cleaned_data["person"]
    if isinstance(person, User):
        return ""
    try:
        invite(scope=scope, email=person, role=Role(form.cleaned_data["role"]), now=timezone.now())
    except Conflict as error:
        form.add_error("person", error.message)
        return ""
    return f"{person} is invited."


def _add(scope: AccessibleOrganization, form: MemberForm) -> str:
    """What was done; empty if it did not work, and the form says why."""
    if form.errors:
        return ""
    person, role = form.cleaned_data["person"], Role(form.cleaned_data["role"])
    if list_members(scope=scope).filter(user=person).exists():
        form.add_error("person", f"{person.username} is a member already.")
        return ""
    try:
        add_member(organization=scope.organization, user=person, role=role, by=scope.user)
    except Conflict as error:
        form.add_error("person", error.message)
        return ""
    return f"{person.username} is {_describe(role)} now."


def _get_member(scope: AccessibleOrganization, username: str) -> Membership:
    member = list_members(scope=scope).filter(user__username__iexact=username).first()
    if member is None:
        raise NotFound(f"{username} is not a member of {scope.organization.slug}.")
    return member


def _ask(request: HttpRequest, scope: AccessibleOrganization, member: Membership, *, leaving: bool) -> HttpResponse:
    name, organization = member.user.username, scope.organization.slug
    return render_confirmation(
        request,
        scope,
        "members",
        question=f"Leave {organization}?" if leaving else f"Remove {name}?",
        consequence=f"The API keys that {'you' if leaving else name} made for {organization} are revoked at once: "
        "calls with them fail.",
        action="Leave" if leaving else "Remove",
        back=reverse("console:members", args=[organization]),
    )


def _describe(role: Role) -> str:
    return f"{'an' if role[0] in 'aeiou' else 'a'} {role.label.lower()}"
