"""What is known of packages, and who vouches for artifacts: by their own names, whatever version has them."""

from django.db import models


class Advisory(models.Model):
    """That some versions of a package have a known vulnerability: one package of an OSV advisory."""

    advisory_id = models.CharField(max_length=64, db_index=True)
    type = models.CharField(max_length=16)
    """A package URL's: pypi, npm, maven, …"""
    name = models.CharField(max_length=255)
    """As advisories.normalize writes it."""
    summary = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=16, blank=True)
    affected = models.JSONField()
    """OSV's `versions` and `ranges`."""

    class Meta:
        indexes = [models.Index(fields=["name", "type"], name="advisory_package")]

    def __str__(self) -> str:
        return f"{self.advisory_id} of {self.name}"


class ArtifactSignature(models.Model):
    """That this platform built the artifact, as execution/signatures.py signs it."""

    artifact = models.CharField(max_length=64, primary_key=True)
    """SHA-256, hex."""
    signature = models.CharField(max_length=128)

    def __str__(self) -> str:
        return f"signature of {self.artifact}"
