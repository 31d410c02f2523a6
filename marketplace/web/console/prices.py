"""What calls of a version cost: the price in force, those announced, and another one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing import api as billing
from billing.api import CREDIT, PriceTerms
from marketplace.algorithms.models import Version
from marketplace.algorithms.pricing import LARGEST_FREE_CALLS, LARGEST_ROYALTY, AuthorPrice, announce_price
from marketplace.algorithms.selectors import get_owned_algorithm, get_version, list_versions
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

ROYALTIES = ("royalty_per_call", "royalty_per_second")
LARGEST_CREDITS = LARGEST_ROYALTY // CREDIT


class PriceForm(forms.Form):
    """What the author asks, in credits."""

    royalty_per_call = forms.DecimalField(
        label="Credits for a call", min_value=0, max_value=LARGEST_CREDITS, decimal_places=6, max_digits=13
    )
    royalty_per_second = forms.DecimalField(
        label="Credits for a second that it runs",
        min_value=0,
        max_value=LARGEST_CREDITS,
        decimal_places=6,
        max_digits=13,
    )
    free_calls_per_month = forms.IntegerField(
        label="Free calls for each organization, each month", min_value=0, max_value=LARGEST_FREE_CALLS
    )
    free_to_owner = forms.BooleanField(label="Free for your own organization", required=False)
    effective_at = forms.DateTimeField(
        label="From (UTC)", required=False, widget=forms.DateTimeInput({"type": "datetime-local"})
    )

    @classmethod
    def of(cls, terms: PriceTerms, data: object = None) -> "PriceForm":
        """Filled with these terms."""
        whole = {name: getattr(terms, name) for name in ("free_calls_per_month", "free_to_owner")}
        royalties = {name: Decimal(getattr(terms, name)) / CREDIT for name in ROYALTIES}
        return cls(data, initial=whole | royalties)  # type: ignore[arg-type]

    def announce(self, version: Version, scope: AccessibleOrganization) -> PriceTerms | None:
        """The price as it was announced; what stands against it is said in the form."""
        given = dict(self.cleaned_data)
        effective_at = given.pop("effective_at")
        micro = {name: int(given.pop(name) * CREDIT) for name in ROYALTIES}
        try:
            return announce_price(
                version=version, price=AuthorPrice(**given, **micro), effective_at=effective_at, by=scope.user
            )
        except InvalidInput as error:
            self.add_error(error.field if error.field in self.fields else None, error.message)
        except Conflict as conflict:
            self.add_error(None, conflict.message)
        return None


@dataclass(frozen=True)
class Row:
    """A price and its state: `past`, `now` or `announced`."""

    terms: PriceTerms
    state: str


@require_http_methods(["GET", "POST"])
@organization_page
def prices(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """The prices of the version that `version` names, by default the latest, and a form for another."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    versions = list_versions(algorithm=algorithm)
    number = request.GET.get("version", "")
    version = get_version(algorithm=algorithm, selector=number) if versions else None
    now = timezone.now()
    form = PriceForm.of(billing.get_price(version.id, now), request.POST or None) if version else None
    if request.method == "POST" and version and form and form.is_valid() and (new := form.announce(version, scope)):
        messages.success(request, _say(new, now))
        return redirect(f"{request.path}?version={version.number}")
    context = {
        "algorithm": algorithm,
        "latest": next(iter(versions), None),
        "version": version,
        "versions": versions,
        "rows": _to_rows(version, now) if version else (),
        "form": form,
        "notice_days": settings.PRICE_NOTICE_DAYS,
        "can_publish": can_publish(scope),
    }
    return render_page(request, scope, "console/prices.html", "algorithms", context)


def _say(terms: PriceTerms, now: datetime) -> str:
    if terms.effective_at is None or terms.effective_at <= now:
        return "The price holds from now on."
    return f"The price is announced: it holds from {terms.effective_at:%-d %B %Y, %H:%M} UTC on."


def _to_rows(version: Version, now: datetime) -> list[Row]:
    """Newest first."""
    rows: list[Row] = []
    current = billing.get_price(version.id, now)
    for terms in billing.list_prices(version.id) or [current]:
        later = terms.effective_at is not None and terms.effective_at > now
        rows.append(Row(terms, "announced" if later else "now" if terms == current else "past"))
    return rows
