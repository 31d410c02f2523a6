"""What an organization lets its members and keys call of other owners' algorithms."""

from django.conf import settings
from django.db import models

from marketplace.organizations.models import Organization


class ApprovalState(models.TextChoices):
    """Where it stands."""

    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"


class Approval(models.Model):
    """That an algorithm of somebody else is on the organization's list, or that a member asked for it."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    algorithm = models.ForeignKey("algorithms.Algorithm", on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=16, choices=ApprovalState)
    up_to = models.CharField(max_length=32, blank=True)
    """The newest version that is approved, as `major.minor.revision`; empty for all of them."""
    reason = models.CharField(max_length=500, blank=True)
    """What the member who asked says."""
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "algorithm"], name="approval_unique"),
            models.CheckConstraint(condition=models.Q(state__in=ApprovalState.values), name="approval_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} in {self.organization}: {self.state}"
