"""Budgets: what may be spent by the organization, its keys and members, and how much of it is."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from billing.api import CREDIT, BudgetLine
from marketplace.errors import InvalidInput, NotFound
from marketplace.organizations.limits import list_budgets, remove_budget, set_budget
from marketplace.organizations.permissions import can_manage_limits
from marketplace.organizations.selectors import AccessibleOrganization, list_api_keys, list_members
from marketplace.web.console.page import organization_page, read_uuid, render_page
from marketplace.webhook_addresses import LONGEST_URL

PERIODS = (("day", "Each day (UTC)"), ("month", "Each month (UTC)"))


class AmountForm(forms.Form):
    """For how long, how much, who is told, and whether calls stop."""

    period = forms.ChoiceField(label="Period", choices=PERIODS)
    credits = forms.DecimalField(label="Credits", min_value=Decimal(0), decimal_places=6, max_digits=18)
    webhook_url = forms.CharField(label="Webhook that is told too, if any", required=False, max_length=LONGEST_URL)
    hard = forms.BooleanField(label="Stop calls when it is spent", required=False, initial=True)


class BudgetForm(AmountForm):
    """Of whom, and all the rest."""

    subject = forms.ChoiceField(label="Whose spending")
    field_order = ("subject",)

    def __init__(self, scope: AccessibleOrganization, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        keys = [(f"key:{key.id}", f"Key {key.name}") for key in list_api_keys(scope=scope).filter(revoked_at=None)]
        members = [(f"member:{one.user.username}", f"Member {one.user.username}") for one in list_members(scope=scope)]
        everything = ("", f"All of {scope.organization.slug}")
        self.fields["subject"].choices = [everything, *keys, *members]  # type: ignore[attr-defined]
        self.fields["subject"].required = False


@dataclass(frozen=True)
class Row:
    """A budget and whose it is."""

    line: BudgetLine
    whose: str


@require_http_methods(["GET", "POST"])
@organization_page
def budgets(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """All budgets, and a form for another; of the same subject and period there is one."""
    form = BudgetForm(scope, request.POST or None)
    if request.method == "POST" and form.is_valid() and _set_of_subject(scope, form):
        messages.success(request, "The budget holds from now on.")
        return redirect("console:budgets", scope.organization.slug)
    context = {"form": form, "rows": _list_rows(scope), "can_manage": can_manage_limits(scope)}
    return render_page(request, scope, "console/budgets.html", "budgets", context)


@require_POST
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization, budget_id: UUID) -> HttpResponse:
    """Ends a budget."""
    remove_budget(scope=scope, budget_id=budget_id)
    messages.success(request, "The budget is gone.")
    if key_id := read_uuid(request.POST.get("key", "")):
        return redirect("console:key", scope.organization.slug, key_id)
    return redirect("console:budgets", scope.organization.slug)


def set_from(scope: AccessibleOrganization, form: AmountForm, *, key_id: UUID | None = None, member: str = "") -> bool:
    """Whether the budget was set; the form says why it was not. Raises PermissionDenied."""
    try:
        set_budget(
            scope=scope,
            period=form.cleaned_data["period"],
            amount=int(form.cleaned_data["credits"] * CREDIT),
            hard=form.cleaned_data["hard"],
            key_id=key_id,
            member=member,
            webhook_url=form.cleaned_data["webhook_url"],
            at=timezone.now(),
        )
    except (InvalidInput, NotFound) as error:
        form.add_error(None, error.message)
        return False
    return True


def _set_of_subject(scope: AccessibleOrganization, form: BudgetForm) -> bool:
    kind, _, name = form.cleaned_data["subject"].partition(":")
    key_id = UUID(name) if kind == "key" else None
    return set_from(scope, form, key_id=key_id, member=name if kind == "member" else "")


def _list_rows(scope: AccessibleOrganization) -> list[Row]:
    keys = dict(list_api_keys(scope=scope).values_list("pk", "name"))
    members = dict(list_members(scope=scope).values_list("user_id", "user__username"))
    return [Row(line, _name(line, scope, keys, members)) for line in list_budgets(scope=scope, at=timezone.now())]


def _name(line: BudgetLine, scope: AccessibleOrganization, keys: dict[UUID, str], members: dict[int, str]) -> str:
    if line.budget.key_id:
        return f"Key {keys.get(line.budget.key_id, 'that is gone')}"
    if line.budget.member_id is not None:
        return f"Member {members.get(line.budget.member_id, 'who left')}"
    return f"All of {scope.organization.slug}"
