"""What the store puts first."""

import uuid

from django.db import models


class Feature(models.Model):
    """That those who run the platform show an algorithm on the first page, for a time."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.OneToOneField("algorithms.Algorithm", on_delete=models.CASCADE, related_name="feature")
    place = models.PositiveSmallIntegerField(default=100, help_text="Lower ones come first.")
    why = models.CharField(max_length=140, help_text="A line for visitors: what is good about it.")
    starts_at = models.DateTimeField(verbose_name="from")
    ends_at = models.DateTimeField(null=True, blank=True, verbose_name="until", help_text="Empty: until it is removed.")

    class Meta:
        verbose_name = "featured algorithm"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(ends_at__gt=models.F("starts_at")),
                name="feature_ends_after_it_starts",
                violation_error_message="It must end after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm}, featured"
