"""The page for a member whom an organization asks for more than a password."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.sign_on.policy import NotLetIn, SignOnRequired, TwoFactorRequired


def answer_not_let_in(request: HttpRequest, refusal: NotLetIn) -> HttpResponse:
    """Says what to do, and leads there and back."""
    if request.headers.get("HX-Request"):  # htmx would put the page into a corner of another
        return HttpResponse(headers={"HX-Refresh": "true"})
    back = request.get_full_path() if request.method == "GET" else f"/console/{refusal.organization.slug}"
    context = {
        "organization": refusal.organization,
        "sign_on": isinstance(refusal, SignOnRequired),
        "two_factor": isinstance(refusal, TwoFactorRequired),
        "reason": refusal.message,
        "back": back,
    }
    return render(request, "console/not_let_in.html", context, status=403)
