"""What algorithms may be written in, and how long."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from marketplace.algorithms.environments import list_environments


@require_safe
def environments(request: HttpRequest) -> HttpResponse:
    """Each environment with its language, toolchain and standing."""
    return render(request, "store/environments.html", {"environments": list_environments()})
