"""What those who run the platform see of reports and reviews."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from billing.admin_tables import ReadOnly
from marketplace.errors import Conflict
from marketplace.reviews.models import REPORT_TRANSITIONS, Report, ReportState, Review
from marketplace.reviews.services import move_report, remove_review


class ReportForm(ModelForm):
    """Refuses what the service would refuse."""

    def clean_state(self) -> str:
        """Raises ValidationError."""
        before, after = ReportState(self.initial["state"]), ReportState(self.cleaned_data["state"])
        if after != before and after not in REPORT_TRANSITIONS[before]:
            raise ValidationError(f"A report that is {before.label.lower()} cannot become {after.label.lower()}.")
        return after


@admin.register(Report)
class ReportAdmin(ReadOnly):
    """Complaints: the oldest open one first."""

    form = ReportForm
    list_display = ("algorithm", "reason", "state", "made_at", "reporter", "settled_at")
    list_filter = ("state", "reason")
    search_fields = ("algorithm__name", "algorithm__organization__slug", "text")
    list_select_related = ("algorithm__organization", "reporter")
    ordering = ("state", "made_at")
    fields = ("subject", "reason", "text", "reporter", "made_at", "settled_at", "state", "note")
    readonly_fields = ("subject", "reason", "text", "reporter", "made_at", "settled_at")
    actions = ("look_into", "settle")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return bool(request.user.is_superuser)

    @admin.display(description="algorithm")
    def subject(self, report: Report) -> str:
        """Its page, and where it is taken down."""
        algorithm = report.algorithm
        page = reverse("store:algorithm", args=[algorithm.organization.slug, algorithm.name])
        change = reverse("admin:algorithms_algorithm_change", args=[algorithm.pk])
        return format_html('<a href="{}">{}</a> · <a href="{}">take it down</a>', page, algorithm, change)

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:  # noqa: ARG002
        """By the service, which notes who did it."""
        move_report(report=obj, state=obj.state, by=request.user, note=obj.note)

    @admin.action(description="Look into it: others see that somebody does")
    def look_into(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        """Takes these up."""
        self._move(request, reports, ReportState.LOOKED_INTO)

    @admin.action(description="Settle: what was needed is done")
    def settle(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        """Notes that these are over."""
        self._move(request, reports, ReportState.SETTLED)

    def _move(self, request: HttpRequest, reports: QuerySet[Report], state: ReportState) -> None:
        for report in reports:
            try:
                move_report(report=report, state=state, by=request.user)
            except Conflict as error:
                self.message_user(request, f"{report}: {error.message}", messages.ERROR)


@admin.register(Review)
class ReviewAdmin(ReadOnly):
    """Reviews, to take down what must not stand there."""

    list_display = ("algorithm", "author", "rating", "written_at")
    search_fields = ("algorithm__name", "author__username", "text")
    list_select_related = ("algorithm__organization", "author")
    ordering = ("-written_at",)
    actions = ("take_down",)

    @admin.action(description="Take down")
    def take_down(self, request: HttpRequest, reviews: QuerySet[Review]) -> None:
        """Removes these."""
        for review in reviews.select_related("algorithm__organization"):
            remove_review(review=review, by=request.user)
