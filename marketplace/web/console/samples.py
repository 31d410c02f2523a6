"""The samples that builds of an algorithm are tested with."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.algorithms.models import Algorithm, OnChange
from marketplace.algorithms.samples import (
    LONGEST_NAME,
    LONGEST_SAMPLE_CHARACTERS,
    Sample,
    read_results,
    read_samples,
    set_samples,
)
from marketplace.algorithms.selectors import get_owned_algorithm, list_versions
from marketplace.errors import InvalidInput
from marketplace.organizations.permissions import can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.web.console.page import organization_page, render_page

POLICIES = (
    (OnChange.WARN, "Publish, and say so"),
    (OnChange.REFUSE, "Refuse to publish"),
    (OnChange.IGNORE, "Publish"),
)


class SampleForm(forms.Form):
    """A sample to keep."""

    name = forms.CharField(label="Name", max_length=LONGEST_NAME)
    content_type = forms.ChoiceField(
        label="Kind", choices=(("json", "JSON"), ("text", "Text"), ("binary", "Bytes, in base64"))
    )
    input = forms.CharField(
        label="Input", max_length=LONGEST_SAMPLE_CHARACTERS, strip=False, widget=forms.Textarea({"rows": 4})
    )
    expected = forms.CharField(
        label="Expected result, as JSON",
        help_text="Without it, what the last version answered is expected.",
        required=False,
        max_length=LONGEST_SAMPLE_CHARACTERS,
        widget=forms.Textarea({"rows": 2}),
    )


@require_http_methods(["GET", "POST"])
@organization_page
def samples(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Those kept with the algorithm, what the latest version answered, and a form for another."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    form = SampleForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _add(algorithm, scope, form):
        messages.success(request, "Each build is tested with it from now on.")
        return redirect("console:samples", scope.organization.slug, algorithm.name)
    versions = list_versions(algorithm=algorithm)
    latest = versions[0] if versions else None
    context = {
        "algorithm": algorithm,
        "latest": latest,
        "results": read_results(latest.sample_results) if latest else (),
        "kept": read_samples(algorithm.samples),
        "policies": POLICIES,
        "can_publish": can_publish(scope),
        "form": form,
    }
    return render_page(request, scope, "console/samples.html", "algorithms", context)


@require_POST
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Forgets the one that `sample` names."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    left = [sample for sample in read_samples(algorithm.samples) if sample.name != request.POST.get("sample")]
    set_samples(algorithm=algorithm, by=scope.user, samples=left)
    messages.success(request, "The sample is gone.")
    return redirect("console:samples", scope.organization.slug, algorithm.name)


@require_POST
@organization_page
def on_change(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Says what publishing does when a sample is not passed."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    try:
        set_samples(algorithm=algorithm, by=scope.user, on_change=request.POST.get("on_change", ""))
        messages.success(request, "It holds from the next version on.")
    except InvalidInput as error:
        messages.error(request, error.message)
    return redirect("console:samples", scope.organization.slug, algorithm.name)


def _add(algorithm: Algorithm, scope: AccessibleOrganization, form: SampleForm) -> bool:
    """In place of another of that name."""
    new = Sample(**{**form.cleaned_data, "expected": form.cleaned_data["expected"] or None})
    others = [sample for sample in read_samples(algorithm.samples) if sample.name != new.name]
    try:
        set_samples(algorithm=algorithm, by=scope.user, samples=[*others, new])
    except InvalidInput as error:
        form.add_error(None, error.message)
        return False
    return True
