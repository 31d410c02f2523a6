"""What those who run the platform see of reports and reviews."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from marketplace.reviews.models import Report, Review
from marketplace.reviews.services import remove_review, settle_report


class ReadOnly(admin.ModelAdmin):
    """Rows are written by services only."""

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Report)
class ReportAdmin(ReadOnly):
    """Complaints, the open ones first."""

    list_display = ("algorithm", "reason", "reporter", "made_at", "settled_at")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), "reason")
    search_fields = ("algorithm__name", "algorithm__organization__slug", "text")
    list_select_related = ("algorithm__organization", "reporter")
    ordering = ("settled_at", "-made_at")
    actions = ("settle",)

    @admin.action(description="Settle: it was looked at")
    def settle(self, request: HttpRequest, reports: QuerySet[Report]) -> None:
        """Notes that these were looked at."""
        for report in reports:
            settle_report(report=report, by=request.user)


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
