"""Who did what, append-only."""

from django.db import models


class AuditEvent(models.Model):
    """One act. It names rows by label and id as text, so that history outlives them.

    A database trigger refuses to change or delete a row (migration 0002).
    """

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    """The user's id; null for an act of the platform itself."""
    actor_label = models.CharField(max_length=150)
    organization_id = models.UUIDField(null=True)
    action = models.CharField(max_length=64)
    """`noun.verb`, like `key.revoke`"""
    subject_label = models.CharField(max_length=255)
    subject_id = models.CharField(max_length=64)
    details = models.JSONField(default=dict)
    address = models.CharField(max_length=45, default="")
    """The internet address that it was asked for from, if any."""
    via = models.CharField(max_length=32, default="")
    """`session`, or `key` and how the key begins; empty for the platform's own acts."""

    class Meta:
        indexes = [
            models.Index(fields=["organization_id", "-at"], name="audit_organization_at"),
            models.Index(fields=["subject_id"], name="audit_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label} {self.action} {self.subject_label}"
