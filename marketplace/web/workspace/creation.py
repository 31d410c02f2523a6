"""A new algorithm, from the template of its language."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from execution.environments import find_environment, list_available
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.services import create_algorithm
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.models import name_validators
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.repositories.services import commit_changes
from marketplace.web.console.page import organization_page, render_page

FIRST_MESSAGE = "Start from the template"


class AlgorithmForm(forms.Form):
    """What it is called, and what it is written in."""

    name = forms.CharField(
        max_length=64,
        validators=name_validators,
        error_messages={"required": "How shall it be called? This is the second part of its address."},
    )
    environment = forms.ChoiceField(label="Language")
    summary = forms.CharField(max_length=200, required=False, label="What it does, in one sentence")

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.fields["environment"].choices = [  # type: ignore[attr-defined]
            (each.id, each.display_name) for each in list_available()
        ]


@require_http_methods(["GET", "POST"])
@organization_page
def new_algorithm(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """Asks for a name and a language; its files are there at once."""
    check_can_publish(scope)
    form = AlgorithmForm(request.POST or None, initial={"environment": "python3"})
    if request.method == "POST" and form.is_valid():
        algorithm = _create(scope, form)
        if algorithm is not None:
            messages.success(request, f"{algorithm.full_name} is there, with the template of its language.")
            return redirect("workspace:files", scope.organization.slug, algorithm.name)
    return render_page(request, scope, "workspace/new_algorithm.html", "algorithms", {"form": form})


def _create(scope: AccessibleOrganization, form: AlgorithmForm) -> Algorithm | None:
    """None when the form says what is wrong now."""
    name, environment_id = form.cleaned_data["name"], form.cleaned_data["environment"]
    try:
        algorithm = create_algorithm(
            scope=scope, name=name, environment=environment_id, summary=form.cleaned_data["summary"]
        )
    except Conflict as error:
        form.add_error("name", error.message)
        return None
    except InvalidInput as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
        return None
    environment = find_environment(environment_id)
    assert environment is not None, "it was offered"
    files = {path: text.encode() for path, text in environment.template_files(algorithm.name).items()}
    commit_changes(algorithm=algorithm, scope=scope, changes=files, message=FIRST_MESSAGE, base=None)
    return algorithm
