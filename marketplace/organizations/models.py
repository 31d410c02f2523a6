"""Tenants: organizations, their members and their API keys."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
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
    ADMIN = "admin"
    DEVELOPER = "developer"
    CALLER = "caller"
    BILLING = "billing"
    AUDITOR = "auditor"


class OrganizationKind(models.TextChoices):
    """What kind of tenant it is; kept for its owner, and nothing depends on it."""

    BASIC = "basic"
    LEGACY = "legacy"
    PRO = "pro"


class Organization(models.Model):
    """A tenant: algorithms, keys and money belong to one. `slug` is the owner in `owner/name`, and never changes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.CharField(max_length=64, validators=[*name_validators, check_not_reserved])
    name = models.CharField(max_length=100)
    personal = models.BooleanField(default=False)
    kind = models.CharField(max_length=16, choices=OrganizationKind, default=OrganizationKind.BASIC)
    contact_name = models.CharField(max_length=100, blank=True)
    email = models.EmailField(blank=True)
    url = models.URLField(blank=True)
    approved_only = models.BooleanField(default=False)
    """Whether it may call nothing of others but what it approved (algorithms/approvals.py)."""
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    """When its owners deleted it. The row stays: its name is taken, and its records name it."""
    requires_two_factor = models.BooleanField(default=False)
    """Whether only members who have set up a second factor are let in; sign_on/policy.py sees to it."""
    requires_sign_on = models.BooleanField(default=False)
    """Whether members whose mail is of one of its domains come in by its single sign-on only."""
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
    last_seen_at = models.DateTimeField(null=True, blank=True)
    """When they last opened a page of it, to some minutes."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.organization}"


class Invitation(models.Model):
    """That somebody was asked by mail to become a member. It is open until one of the times of its end is there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    """In lower case."""
    role = models.CharField(max_length=16, choices=Role)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    """When it was declined or taken back."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=models.Q(accepted_at=None, ended_at=None),
                name="invitation_open_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.organization}"


class Team(models.Model):
    """Some members of an organization, to whom its private algorithms can be limited."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="teams")
    name = models.CharField(max_length=64)
    members = models.ManyToManyField(Membership, related_name="teams")
    """Who leaves the organization leaves its teams."""
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("organization", Upper("name"), name="team_name_unique")]

    def __str__(self) -> str:
        return self.name


ALL_ALGORITHMS = "algo://*"


def _all_algorithms() -> list[str]:
    return [ALL_ALGORITHMS]


ALL_DATA = "data://*"


def _all_data() -> list[str]:
    return [ALL_DATA]


class ApiKey(models.Model):
    """A key that acts for an organization, which pays. Only the SHA-256 of its text is kept.

    What it may do is what its maker's role allows, and of that what the key itself allows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="api_keys")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="api_keys")
    """Whose limited algorithms it may reach, and no other team's; None for all of its maker's."""
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=8)
    """The first characters of the key, by which its owner knows it again."""
    key_hash = models.CharField(max_length=64, unique=True)
    allow_algo = models.BooleanField(default=True)
    """Whether it may call algorithms: those of `algo_acl`."""
    algo_acl = ArrayField(models.CharField(max_length=140), default=_all_algorithms)
    """`algo://*`, `algo://owner/*` and `algo://owner/name/*`, in lower case."""
    allow_web_algo = models.BooleanField(default=True)
    """Whether it may call from pages in a browser: those of `referer_host`, if that names a host."""
    referer_host = models.CharField(max_length=255, blank=True)
    allow_data = models.BooleanField(default=True)
    allow_data_write = models.BooleanField(default=True)
    allow_algo_management = models.BooleanField(default=True)
    """Whether it may do what is neither calling nor data: algorithms, versions, members, keys."""
    data_acl = ArrayField(models.CharField(max_length=255), default=_all_data)
    """Of the data that it may use: `data://*`, `data://owner/*` and `data://owner/collection/*`, in lower case."""
    addresses = ArrayField(models.CharField(max_length=43), default=list, blank=True)
    """The networks (`10.0.0.0/8`) that it may be used from; none for all."""
    expires_at = models.DateTimeField(null=True, blank=True)
    expiry_told_at = models.DateTimeField(null=True, blank=True)
    """When its maker was mailed that it ends soon."""
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
