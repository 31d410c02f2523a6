"""The files of an algorithm's newest commit: looked at, changed, moved and removed, each with a commit."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import find_latest_version, get_owned_algorithm
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import can_publish, check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.repositories.places import clone_address, ensure_repository
from marketplace.repositories.selectors import find_push, find_pushes
from marketplace.repositories.services import commit_changes
from marketplace.repositories.trees import (
    NOTHING,
    check_path,
    describe_commit,
    find_head,
    list_commits,
    list_files,
    read_file,
    show_difference,
)
from marketplace.web.console.page import organization_page, render_confirmation, render_page

LONGEST_TEXT = 500_000
"""Characters that the editor takes: what is larger is for git."""
PUBLISH = [
    ("", "As agora.toml says"),
    ("no", "Do not publish"),
    ("revision", "As a revision: nothing changes for callers"),
    ("minor", "As a minor version: something is new"),
    ("major", "As a major version: callers must look"),
]


class FileForm(forms.Form):
    """A file, and the commit that it goes into. `base` is the commit that the author saw."""

    path = forms.CharField(max_length=500, error_messages={"required": "Name the file, such as src/main.py."})
    text = forms.CharField(max_length=LONGEST_TEXT, required=False, strip=False, widget=forms.Textarea)
    message = forms.CharField(max_length=200, required=False, label="What you changed")
    publish = forms.ChoiceField(choices=PUBLISH, required=False, label="Publish")
    base = forms.RegexField(r"\A[0-9a-f]{40}\Z", widget=forms.HiddenInput)

    def clean_path(self) -> str:
        """Raises ValidationError."""
        path = str(self.cleaned_data["path"]).strip()
        try:
            check_path(path)
        except InvalidInput as error:
            raise forms.ValidationError(error.message) from None
        return path

    def clean_text(self) -> bytes:
        """As a file has it: browsers send lines that end as mail does."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").encode()


@require_GET
@organization_page
def files(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """What is in the newest commit."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    repository = ensure_repository(algorithm)
    head = find_head(repository)
    context = _frame(scope, algorithm) | {
        "files": list_files(repository, head) if head else [],
        "commit": describe_commit(repository, head) if head else None,
        "push": find_push(algorithm=algorithm, commit=head) if head else None,
        "clone_address": clone_address(algorithm),
    }
    return render_page(request, scope, "workspace/files.html", "algorithms", context)


@require_http_methods(["GET", "POST"])
@organization_page
def edit(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """One file, `?path=`, in the editor; without a path a new one. A POST commits it."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    path = request.GET.get("path", "")
    if request.method == "POST":
        check_can_publish(scope)
        form = FileForm(request.POST)
        if form.is_valid() and _commit(request, scope, algorithm, path, form):
            return _to_file(scope, algorithm, form.cleaned_data["path"])
        return _render_editor(request, scope, algorithm, path, form)
    repository = ensure_repository(algorithm)
    head = find_head(repository)
    content = read_file(repository, head or NOTHING, path) if path else b""
    text = _read_text(content)
    initial = {"path": path, "text": text or "", "base": head or NOTHING}
    return _render_editor(request, scope, algorithm, path, FileForm(initial=initial), binary=text is None)


@require_http_methods(["GET", "POST"])
@organization_page
def remove(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Asks, then commits that the file `?path=` is no more."""
    check_can_publish(scope)
    algorithm = get_owned_algorithm(scope=scope, name=name)
    path, back = request.GET.get("path", ""), reverse("workspace:files", args=[scope.organization.slug, name])
    head = find_head(ensure_repository(algorithm))
    read_file(ensure_repository(algorithm), head or NOTHING, path)
    if request.method == "POST":
        commit_changes(algorithm=algorithm, scope=scope, changes={path: None}, message=f"Remove {path}", base=head)
        messages.success(request, f"{path} is removed. The commits before still have it.")
        return redirect(back)
    consequence = "It is a commit like any other: the ones before still have the file."
    return render_confirmation(
        request, scope, "algorithms", question=f"Remove {path}?", consequence=consequence, action="Remove", back=back
    )


@require_GET
@organization_page
def commits(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """The newest commits, and what became of each."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    found = list_commits(ensure_repository(algorithm))
    pushes = find_pushes(algorithm=algorithm, commits=[commit.id for commit in found])
    context = _frame(scope, algorithm) | {"commits": [(commit, pushes.get(commit.id)) for commit in found]}
    return render_page(request, scope, "workspace/commits.html", "algorithms", context)


@require_GET
@organization_page
def commit(request: HttpRequest, scope: AccessibleOrganization, name: str, commit_id: str) -> HttpResponse:
    """What one commit changed."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    repository = ensure_repository(algorithm)
    context = _frame(scope, algorithm) | {
        "commit": describe_commit(repository, commit_id),
        "difference": show_difference(repository, commit_id),
        "push": find_push(algorithm=algorithm, commit=commit_id),
    }
    return render_page(request, scope, "workspace/commit.html", "algorithms", context)


def _commit(
    request: HttpRequest, scope: AccessibleOrganization, algorithm: Algorithm, before: str, form: FileForm
) -> bool:
    """Whether it was committed; the form says why not."""
    path, base = form.cleaned_data["path"], form.cleaned_data["base"]
    changes: dict[str, bytes | None] = {path: form.cleaned_data["text"]}
    if before and before != path:
        changes[before] = None
    message = form.cleaned_data["message"] or _describe(before, path)
    try:
        push = commit_changes(
            algorithm=algorithm,
            scope=scope,
            changes=changes,
            message=message,
            base=None if base == NOTHING else base,
            publish=form.cleaned_data["publish"],
        )
    except Conflict as error:
        form.add_error(None, error.message)
        return False
    except InvalidInput as error:
        form.add_error("path", error.message)
        return False
    if push.build is None:
        messages.warning(request, f"Committed, and not built: {push.failure}")
    else:
        messages.success(request, "Committed: it is being built.")
    return True


def _describe(before: str, path: str) -> str:
    if not before:
        return f"Add {path}"
    return f"Change {path}" if before == path else f"Move {before} to {path}"


def _render_editor(
    request: HttpRequest,
    scope: AccessibleOrganization,
    algorithm: Algorithm,
    path: str,
    form: FileForm,
    *,
    binary: bool = False,
) -> HttpResponse:
    context = _frame(scope, algorithm) | {"path": path, "form": form, "binary": binary}
    return render_page(request, scope, "workspace/edit.html", "algorithms", context)


def _frame(scope: AccessibleOrganization, algorithm: Algorithm) -> dict[str, object]:
    latest = find_latest_version(algorithm=algorithm)
    return {"algorithm": algorithm, "latest": latest, "can_publish": can_publish(scope)}


def _read_text(content: bytes) -> str | None:
    """None for what no editor of text should touch."""
    if b"\0" in content or len(content) > LONGEST_TEXT:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _to_file(scope: AccessibleOrganization, algorithm: Algorithm, path: str) -> HttpResponse:
    place = reverse("workspace:edit", args=[scope.organization.slug, algorithm.name])
    return redirect(f"{place}?{urlencode({'path': path})}")
