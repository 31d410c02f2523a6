"""API keys: made, shown once, revoked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from marketplace.errors import InvalidInput
from marketplace.invocations.selectors import STATISTICS_WINDOW, find_last_uses
from marketplace.organizations.models import ALL_ALGORITHMS, ALL_DATA, ApiKey
from marketplace.organizations.permissions import (
    can_create_key,
    can_revoke_key,
    check_can_create_key,
    check_can_revoke_key,
)
from marketplace.organizations.selectors import AccessibleOrganization, get_api_key, list_api_keys
from marketplace.organizations.services import NewApiKey, create_api_key, revoke_api_key
from marketplace.web.console.first_call import make_first_call
from marketplace.web.console.key_form import KeyForm, describe_bounds
from marketplace.web.console.page import organization_page, render_confirmation, render_page

KEYS_PER_PAGE = 50


@dataclass(frozen=True)
class KeyLine:
    """A key in the list. `last_used_at` is None for one that made no call in 30 days; a young one never did."""

    key: ApiKey
    last_used_at: datetime | None
    can_revoke: bool

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.key.expires_at is not None and self.key.expires_at <= timezone.now()

    @property
    def bounds(self) -> list[str]:
        """What it may not do of what its maker may, a few words for each bound."""
        return describe_bounds(self.key)

    @property
    def all_algorithms(self) -> bool:
        """Whether it names no algorithms."""
        return ALL_ALGORITHMS in self.key.algo_acl

    @property
    def all_data(self) -> bool:
        """Whether it names no data."""
        return ALL_DATA in self.key.data_acl

    @property
    def is_young(self) -> bool:
        """Whether all of its calls would be known."""
        return timezone.now() - self.key.created_at < STATISTICS_WINDOW


@dataclass(frozen=True)
class ShownKey:
    """A key just made, with what to do with it."""

    new: NewApiKey
    login: str
    call: str | None


@require_http_methods(["GET", "POST"])
@organization_page
def keys(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The keys; a POST makes one, and its answer is the only place where its text ever stands."""
    form = KeyForm(scope, request.POST or None)
    shown = None
    if request.method == "POST":
        check_can_create_key(scope)
        shown = _make_key(scope, form)
        form = KeyForm(scope) if shown else form
    page = Paginator(list_api_keys(scope=scope), KEYS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": describe_keys(scope, page.object_list),
        "form": form,
        "shown": shown,
        "can_create_key": can_create_key(scope),
    }
    return render_page(request, scope, "console/keys.html", "keys", context)


@require_http_methods(["GET", "POST"])
@organization_page
def revoke(request: HttpRequest, scope: AccessibleOrganization, key_id: UUID) -> HttpResponse:
    """Asks, then ends the key. htmx gets the key's row of the list instead of a page."""
    key = get_api_key(scope=scope, key_id=key_id)
    check_can_revoke_key(scope, key)
    by_htmx = bool(request.headers.get("HX-Request"))
    if request.method == "POST":
        revoke_api_key(key=key, by=scope.user)
        if not by_htmx:
            messages.success(request, f"The key {key.name} is revoked.")
            return redirect("console:keys", scope.organization.slug)
    elif not by_htmx:
        return _ask(request, scope, key)
    asking = request.method == "GET" and "keep" not in request.GET
    context = {"organization": scope.organization, "line": describe_keys(scope, [key])[0], "asking": asking}
    return render(request, "console/key_row.html", context)


def _make_key(scope: AccessibleOrganization, form: KeyForm) -> ShownKey | None:
    if not form.is_valid():
        return None
    try:
        new = create_api_key(
            organization=scope.organization,
            name=form.cleaned_data["name"],
            by=scope.user,
            permissions=form.permissions(timezone.now()),
            team=form.cleaned_data["team"],
        )
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else "name", error.message)
        return None
    login = f"agora login --address {settings.AGORA_ADDRESS} --key {new.text}"
    return ShownKey(new=new, login=login, call=make_first_call(new.text))


def describe_keys(scope: AccessibleOrganization, keys: Sequence[ApiKey]) -> list[KeyLine]:
    """A line for each. The gateways keep no time of use; the calls that they record do."""
    called = find_last_uses(scope=scope) if keys else {}
    return [
        KeyLine(
            key=key,
            last_used_at=max(filter(None, (key.last_used_at, called.get(key.id))), default=None),
            can_revoke=key.revoked_at is None and can_revoke_key(scope, key),
        )
        for key in keys
    ]


def _ask(request: HttpRequest, scope: AccessibleOrganization, key: ApiKey) -> HttpResponse:
    return render_confirmation(
        request,
        scope,
        "keys",
        question=f"Revoke {key.name}?",
        consequence=f"Every call with the key {key.prefix}… fails from now on. This cannot be undone.",
        action="Revoke the key",
        back=reverse("console:keys", args=[scope.organization.slug]),
    )
