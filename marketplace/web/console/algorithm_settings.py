"""What the store says of an algorithm, who may find it, what its versions may do; and its end."""

from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from billing.api import CREDIT
from marketplace.algorithms.models import Algorithm, License
from marketplace.algorithms.pricing import LARGEST_ROYALTY
from marketplace.algorithms.selectors import find_latest_version, get_owned_algorithm
from marketplace.algorithms.services import delete_algorithm, update_algorithm
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import can_delete, can_publish, check_can_delete
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_confirmation, render_page

LONGEST_SUMMARY = 200
LICENSES = (
    (License.APL, "Algorithm Platform License: to be called here alone"),
    (License.APACHE2, "Apache License 2.0"),
    (License.GPL3, "GNU General Public License 3.0"),
    (License.MIT, "MIT License"),
)
VISIBILITIES = (("private", "Private: your organization alone"), ("public", "Public: everybody, in the store"))


class SettingsForm(forms.Form):
    """What update_algorithm takes, as people say it."""

    summary = forms.CharField(label="Summary", max_length=LONGEST_SUMMARY, required=False)
    tags = forms.CharField(label="Tags", max_length=400, required=False)
    visibility = forms.ChoiceField(label="Who may find and call it", choices=VISIBILITIES)
    license = forms.ChoiceField(label="Licence", choices=LICENSES)
    source_open = forms.BooleanField(label="Everybody who sees it may read its source", required=False)
    network = forms.BooleanField(label="It may use the internet", required=False)
    calls_others = forms.BooleanField(label="It may call other algorithms", required=False)
    royalty = forms.DecimalField(
        label="Royalty of new versions, credits for a call",
        min_value=0,
        max_value=LARGEST_ROYALTY // CREDIT,
        decimal_places=6,
        max_digits=13,
    )

    @classmethod
    def of(cls, algorithm: Algorithm, data: object = None) -> "SettingsForm":
        """Filled with what holds now."""
        initial = {
            "tags": ", ".join(algorithm.tags),
            "visibility": "public" if algorithm.public else "private",
            "royalty": Decimal(algorithm.royalty_per_call) / CREDIT,
        }
        kept = ("summary", "license", "source_open", "network", "calls_others")
        return cls(data, initial=initial | {name: getattr(algorithm, name) for name in kept})  # type: ignore[arg-type]

    def save(self, algorithm: Algorithm, scope: AccessibleOrganization) -> bool:
        """Whether it could be kept; what could not is said beside its field."""
        given = dict(self.cleaned_data)
        try:
            update_algorithm(
                algorithm=algorithm,
                by=scope.user,
                tags=given.pop("tags").split(","),
                public=given.pop("visibility") == "public",
                royalty_per_call=int(given.pop("royalty") * CREDIT),
                **given,
            )
        except InvalidInput as error:
            self.add_error(error.field if error.field in self.fields else None, error.message)
            return False
        return True


@require_http_methods(["GET", "POST"])
@organization_page
def settings(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """The form, and the way to the algorithm's end."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    form = SettingsForm.of(algorithm, request.POST or None)
    if request.method == "POST" and form.is_valid() and form.save(algorithm, scope):
        messages.success(request, "Saved: callers and the store know it within a second.")
        return redirect("console:algorithm-settings", scope.organization.slug, algorithm.name)
    context = {
        "algorithm": algorithm,
        "latest": find_latest_version(algorithm=algorithm),
        "form": form,
        "can_publish": can_publish(scope),
        "can_delete": can_delete(scope),
    }
    return render_page(request, scope, "console/algorithm_settings.html", "algorithms", context)


@require_http_methods(["GET", "POST"])
@organization_page
def delete(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Asks, and then takes the algorithm away."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    check_can_delete(scope)
    if request.method == "POST":
        return _delete(request, scope, algorithm)
    return render_confirmation(
        request,
        scope,
        "algorithms",
        question=f"Delete {algorithm.full_name}?",
        consequence="Its page, its versions and its secrets are gone at once, and who calls it gets 404. "
        "What was earned and recorded stays in the books.",
        action=f"Delete {algorithm.name}",
        back=reverse("console:algorithm-settings", args=[scope.organization.slug, algorithm.name]),
    )


def _delete(request: HttpRequest, scope: AccessibleOrganization, algorithm: Algorithm) -> HttpResponse:
    try:
        delete_algorithm(algorithm=algorithm, by=scope.user)
    except Conflict as conflict:
        messages.error(request, conflict.message)
        return redirect("console:algorithm-settings", scope.organization.slug, algorithm.name)
    messages.success(request, f"{algorithm.full_name} is gone.")
    return redirect("console:algorithms", scope.organization.slug)
