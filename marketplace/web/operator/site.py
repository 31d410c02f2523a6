"""Django's administration for those who run the platform: our way to sign in, and what waits for them on top."""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from marketplace.algorithms.featuring import list_featured
from marketplace.algorithms.models import Algorithm
from marketplace.errors import PermissionDenied
from marketplace.reviews.models import Report, ReportState

OURS = ("marketplace.", "billing.")


class OperatorSite(AdminSite):
    """Signing in is the platform's own, with whatever it asks for beside a password."""

    site_header = "Administration of Agora"
    site_title = "Agora"
    index_title = "What waits"
    enable_nav_sidebar = False  # it moves what is beside it when it opens

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only what is ours: what libraries register could be changed with no trace, second factors among it."""
        models = model_or_iterable if isinstance(model_or_iterable, list | tuple) else [model_or_iterable]
        ours = [model for model in models if model.__module__.startswith(OURS)]
        super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Administrators of the platform alone: `agora administrator` makes one."""
        return bool(request.user.is_active and request.user.is_staff and request.user.is_superuser)

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:  # noqa: ARG002 - Django's
        """Instead of Django's own form, which knows no second factor. Raises PermissionDenied."""
        if request.user.is_authenticated:
            raise PermissionDenied("Only administrators of the platform may open this.")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index"))

    def index(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the figures that call for somebody."""
        return super().index(request, {**(extra_context or {}), "waiting": _count_what_waits()})


def _count_what_waits() -> list[dict[str, object]]:
    reports = Report.objects.exclude(state=ReportState.SETTLED)
    return [
        {"name": "Reports not settled", "count": reports.count(), "view": "admin:reviews_report_changelist"},
        {
            "name": "Algorithms taken down",
            "count": Algorithm.objects.exclude(taken_down_at=None).count(),
            "view": "admin:algorithms_algorithm_changelist",
        },
        {
            "name": "Featured now",
            "count": list_featured(now=timezone.now()).count(),
            "view": "admin:algorithms_feature_changelist",
        },
    ]
