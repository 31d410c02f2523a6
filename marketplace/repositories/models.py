"""What was pushed, and what became of it."""

import uuid

from django.conf import settings
from django.db import models

from marketplace.algorithms.models import Algorithm, Build, Version


class Push(models.Model):
    """A commit that came to the branch that is built."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.ForeignKey(Algorithm, on_delete=models.PROTECT, related_name="pushes")
    commit = models.CharField(max_length=64)
    message = models.CharField(max_length=200, blank=True)
    """The first line of what its author wrote."""
    pushed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    pushed_at = models.DateTimeField()
    build = models.ForeignKey(Build, null=True, on_delete=models.PROTECT, related_name="pushes")
    """None for a commit that cannot be built: `failure` says why."""
    bump = models.CharField(max_length=16, blank=True)
    """What it is published as when it has been built; empty for not at all."""
    version = models.ForeignKey(Version, null=True, on_delete=models.PROTECT, related_name="+")
    failure = models.TextField(blank=True)
    """For its author: why it was not built, or not published."""
    settled_at = models.DateTimeField(null=True)
    """When nothing more is to become of it."""

    class Meta:
        indexes = [
            models.Index(fields=["algorithm", "-pushed_at"], name="push_algorithm_pushed"),
            models.Index(fields=["pushed_at"], condition=models.Q(settled_at=None), name="push_unsettled"),
        ]

    def __str__(self) -> str:
        return f"{self.commit[:10]} of {self.algorithm}"


class Provider(models.TextChoices):
    """Who tells of pushes to a repository elsewhere."""

    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"


class SourceImport(models.Model):
    """A repository elsewhere, whose branch an algorithm's repository follows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """It is in the webhook's address, and the webhook's secret follows from it."""
    algorithm = models.OneToOneField(Algorithm, on_delete=models.CASCADE, related_name="source_import")
    provider = models.CharField(max_length=16, choices=Provider.choices)
    url = models.CharField(max_length=2_000)
    branch = models.CharField(max_length=200)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    """Who pushes, in our books, what comes from there."""
    created_at = models.DateTimeField()
    fetched_at = models.DateTimeField(null=True)
    commit = models.CharField(max_length=64, blank=True)
    """What was built last."""
    failure = models.TextField(blank=True)
    """Why the last fetch brought nothing, for the author."""
    deliveries = models.JSONField(default=list)
    """What the host told last and what it was answered, newest first: `at`, `status`, `text`."""

    def __str__(self) -> str:
        return f"{self.algorithm} from {self.url}"
