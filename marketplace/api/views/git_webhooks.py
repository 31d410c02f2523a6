"""Where GitHub and GitLab tell of pushes. They sign with the import's secret: no key of ours is asked for."""

import uuid
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from adapters.git_hosts.deliveries import Forged, Provider, Unreadable, read_pushed_branch
from marketplace.repositories.imports import fetch_soon, find_import, note_delivery, webhook_secret
from marketplace.repositories.models import SourceImport


@csrf_exempt
@require_POST
def receive_git_push(request: HttpRequest, import_id: uuid.UUID) -> HttpResponse:
    """Has a worker look at the branch, if it is the one that is imported."""
    found = find_import(import_id)
    if found is None:
        return _say("There is no such import.", 404)
    text, status = _take(request, found)
    note_delivery(found, status=status, text=text, now=timezone.now())
    return _say(text, status)


def _take(request: HttpRequest, found: SourceImport) -> tuple[str, int]:
    provider = cast("Provider", found.provider)
    try:
        branch = read_pushed_branch(provider, request.headers, request.body, secret=webhook_secret(found))
    except Forged as error:
        return str(error), 403
    except Unreadable as error:
        return str(error), 400
    if branch != found.branch:
        return f"Nothing to do: only pushes to {found.branch} are built.", 200
    fetch_soon(found)
    return f"{found.branch} will be fetched and built.", 202


def _say(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
