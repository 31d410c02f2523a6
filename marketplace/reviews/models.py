"""What people say of algorithms: stars, reviews, and reports to those who run the platform."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from marketplace.algorithms.models import Algorithm

LONGEST_TEXT = 4_000
BEST_RATING = 5


class Star(models.Model):
    """That a person wants to find an algorithm again."""

    algorithm = models.ForeignKey(Algorithm, on_delete=models.CASCADE, related_name="stars")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="stars")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["algorithm", "user"], name="star_once")]

    def __str__(self) -> str:
        return f"star of {self.user} for {self.algorithm}"


class Review(models.Model):
    """What one person, who called an algorithm, thinks of it; and what its owner answers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.ForeignKey(Algorithm, on_delete=models.CASCADE, related_name="reviews")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="reviews")
    rating = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(BEST_RATING)])
    text = models.TextField(max_length=LONGEST_TEXT)
    written_at = models.DateTimeField()
    answer = models.TextField(blank=True, max_length=LONGEST_TEXT)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["algorithm", "author"], name="review_once"),
            models.CheckConstraint(condition=models.Q(rating__range=(1, BEST_RATING)), name="review_rating_in_range"),
        ]
        indexes = [models.Index(fields=["algorithm", "-written_at"], name="review_algorithm_written")]

    def __str__(self) -> str:
        return f"review of {self.algorithm} by {self.author}"


class Reason(models.TextChoices):
    """What may be wrong with an algorithm."""

    MALICIOUS = "malicious", "It harms those who call it"
    MISLEADING = "misleading", "It does not do what it says"
    STOLEN = "stolen", "It is somebody else's work"
    OFFENSIVE = "offensive", "Its texts or results are offensive"
    OTHER = "other", "Something else"


class ReportState(models.TextChoices):
    """Where a report stands."""

    OPEN = "open"
    LOOKED_INTO = "looked_into", "Looked into"
    SETTLED = "settled"


REPORT_TRANSITIONS: dict[ReportState, frozenset[ReportState]] = {
    ReportState.OPEN: frozenset({ReportState.LOOKED_INTO, ReportState.SETTLED}),
    ReportState.LOOKED_INTO: frozenset({ReportState.OPEN, ReportState.SETTLED}),
    ReportState.SETTLED: frozenset(),
}
"""The only moves there are; services.move_report makes them."""


class Report(models.Model):
    """A complaint to those who run the platform. Its owner never learns who made it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.ForeignKey(Algorithm, on_delete=models.CASCADE, related_name="reports")
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason)
    text = models.TextField(max_length=LONGEST_TEXT)
    made_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=ReportState, default=ReportState.OPEN)
    note = models.TextField(blank=True, max_length=LONGEST_TEXT)
    """What those who run the platform found and did; they alone read it."""
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(reason__in=Reason.values), name="report_reason_known"),
            models.CheckConstraint(condition=models.Q(state__in=ReportState.values), name="report_state_known"),
            models.UniqueConstraint(
                fields=["algorithm", "reporter"], condition=models.Q(settled_at=None), name="report_open_once"
            ),
        ]
        indexes = [models.Index(fields=["-made_at"], condition=models.Q(settled_at=None), name="report_open")]

    def __str__(self) -> str:
        return f"report of {self.algorithm}: {self.reason}"
