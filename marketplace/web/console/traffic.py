"""Two versions of an algorithm against each other."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.algorithms.models import TrafficSplit, Version
from marketplace.algorithms.selectors import get_owned_algorithm, list_versions
from marketplace.algorithms.traffic import end_split, find_split, measure_split, split_traffic
from marketplace.errors import InvalidInput
from marketplace.organizations.permissions import can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

FEWEST_VERSIONS = 2


class SplitForm(forms.Form):
    """Which two, and how many callers get the second."""

    base = forms.ChoiceField(label="Most callers get")
    candidate = forms.ChoiceField(label="Some get")
    percent = forms.IntegerField(label="Per cent of callers who get the second", min_value=0, max_value=100, initial=10)

    def __init__(self, versions: list[Version], data: object = None, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, initial=initial)  # type: ignore[arg-type]
        for name in ("base", "candidate"):
            self.fields[name].choices = [(each.number, each.number) for each in versions]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@organization_page
def traffic(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """The split in force with its measures side by side, and a form for another."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    versions = list_versions(algorithm=algorithm)
    split = find_split(algorithm=algorithm)
    form = SplitForm(versions, request.POST or None, _initial(split, versions))
    if request.method == "POST" and form.is_valid() and _split(form, versions, scope):
        messages.success(request, "Callers are sent so within a second.")
        return redirect("console:traffic", scope.organization.slug, algorithm.name)
    context = {
        "algorithm": algorithm,
        "latest": versions[0] if versions else None,
        "split": split,
        "halves": _halves(split),
        "enough": len(versions) >= FEWEST_VERSIONS,
        "can_publish": can_publish(scope),
        "form": form,
    }
    return render_page(request, scope, "console/traffic.html", "algorithms", context)


@require_POST
@organization_page
def unite(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Ends the split."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    end_split(algorithm=algorithm, by=scope.user)
    messages.success(request, "Everybody who names no version gets the latest one again.")
    return redirect("console:traffic", scope.organization.slug, algorithm.name)


def _initial(split: TrafficSplit | None, versions: list[Version]) -> dict[str, object]:
    if split is not None:
        return {"base": split.base.number, "candidate": split.candidate.number, "percent": split.percent}
    if len(versions) < FEWEST_VERSIONS:
        return {}
    return {"base": versions[1].number, "candidate": versions[0].number}


def _halves(split: TrafficSplit | None) -> list[dict[str, object]]:
    if split is None:
        return []
    base, candidate = measure_split(split)
    return [
        {"version": split.base, "percent": 100 - split.percent, "measures": base},
        {"version": split.candidate, "percent": split.percent, "measures": candidate},
    ]


def _split(form: SplitForm, versions: list[Version], scope: AccessibleOrganization) -> bool:
    named = {version.number: version for version in versions}
    base, candidate = (named[form.cleaned_data[half]] for half in ("base", "candidate"))
    try:
        split_traffic(base=base, candidate=candidate, percent=form.cleaned_data["percent"], by=scope.user)
    except InvalidInput as error:
        form.add_error(None, error.message)
        return False
    return True
