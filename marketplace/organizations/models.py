"""Tenants: organizations, their members and their API keys."""

import uuid

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper

from marketplace.accounts.models import check_not_reserved

name_validators = [
    RegexValidator(r"\A[A-Za-z][A-Za-z0-9_]{0,63}\Z", "Use up to 64 letters, digits and underscores, a letter first.")
]
"""What the slug of an owner and the name of an algorithm look like."""


class Role(models.TextChoices):
    """What a member is to an organization; permissions.py says what each may do."""

    OWNER = "owner"
    MEMBER = "member"


class Organization(models.Model):
    """A tenant: algorithms, keys and money belong to one. `slug` is the owner in `owner/name`, and never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=64, validators=[*name_validators, check_not_reserved])
    name = models.CharField(max_length=100)
    personal = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="organizations")

    class Meta:
        # Upper case, as `iexact` compares: this is its index.
        constraints = [models.UniqueConstraint(Upper("slug"), name="organization_slug_unique")]

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """That a user belongs to an organization, and as what."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.organization}"


class ApiKey(models.Model):
    """A key that acts for an organization, which pays. Only the SHA-256 of its text is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="api_keys")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8)
    """The first characters of the key, by which its owner knows it again."""
    key_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
