"""Organizations, their members, their keys, and what they have."""

import uuid

from django.conf import settings
from rest_framework import serializers

from marketplace.organizations.key_permissions import KeyPermissions, permissions_of
from marketplace.organizations.models import (
    ALL_ALGORITHMS,
    ALL_DATA,
    ApiKey,
    Membership,
    Organization,
    OrganizationKind,
    Role,
)
from marketplace.organizations.selectors import list_owner_names

KIND_NAMESPACE = uuid.UUID("4f0c1d0e-6b1f-4b52-9a53-6f4d5c2e8a10")
KIND_IDS = {kind: str(uuid.uuid5(KIND_NAMESPACE, kind)) for kind in OrganizationKind}
"""Clients name a kind by an id that they looked up."""
KINDS = {text: kind for kind, kind_id in KIND_IDS.items() for text in (kind_id, kind.value)}


ROLES_ASKED = (*Role.choices, ("member", "Developer"))


class OrganizationTypeSerializer(serializers.Serializer):
    """A kind of organization, to be named by its id."""

    id = serializers.CharField()
    name = serializers.CharField()


class OrganizationSerializer(serializers.Serializer):
    """An organization."""

    id = serializers.UUIDField()
    org_name = serializers.CharField(source="slug", help_text="The owner in `owner/name`.")
    org_label = serializers.CharField(source="name")
    org_contact_name = serializers.CharField(source="contact_name")
    org_email = serializers.CharField(source="email")
    org_url = serializers.CharField(source="url")
    type_id = serializers.SerializerMethodField()
    owner_ids = serializers.SerializerMethodField(help_text="The user names of its owners.")
    personal = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    self_link = serializers.SerializerMethodField()
    resource_type = serializers.CharField(read_only=True, default="organization")

    def get_type_id(self, organization: Organization) -> str:
        return KIND_IDS[OrganizationKind(organization.kind)]

    def get_owner_ids(self, organization: Organization) -> list[str]:
        return list_owner_names(organization=organization)

    def get_self_link(self, organization: Organization) -> str:
        return f"{settings.AGORA_ADDRESS}/v1/organizations/{organization.slug}"


class OrganizationInputSerializer(serializers.Serializer):
    """What can be changed of an organization; what is left out stays as it is."""

    org_label = serializers.CharField(source="name", max_length=100, required=False)
    org_contact_name = serializers.CharField(source="contact_name", max_length=100, required=False, allow_blank=True)
    org_email = serializers.EmailField(source="email", required=False, allow_blank=True)
    org_url = serializers.URLField(source="url", max_length=200, required=False, allow_blank=True)
    type_id = serializers.CharField(source="kind", required=False, help_text="An id of /v1/organization/types.")

    def validate_type_id(self, value: str) -> OrganizationKind:
        if value not in KINDS:
            raise serializers.ValidationError("There is no such type: see /v1/organization/types.")
        return KINDS[value]


class NewOrganizationSerializer(OrganizationInputSerializer):
    """A new organization."""

    org_name = serializers.CharField(max_length=64, help_text="The owner in `owner/name`; it never changes.")


class OrganizationsSerializer(serializers.Serializer):
    """The organizations that the key acts for: one."""

    results = OrganizationSerializer(many=True)


class MemberSerializer(serializers.Serializer):
    """A member of an organization."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(Role.choices)
    user_link = serializers.SerializerMethodField()
    resource_type = serializers.CharField(read_only=True, default="organization_member")

    def get_user_link(self, membership: Membership) -> str:
        return f"{settings.AGORA_ADDRESS}/v1/users/{membership.user.username}"


class MemberInputSerializer(serializers.Serializer):
    """What somebody becomes in an organization."""

    role = serializers.ChoiceField(
        ROLES_ASKED,
        required=False,
        help_text="A developer, if nothing else is said; `member` is Algorithmia's word for one.",
    )

    def validate_role(self, value: str) -> Role:
        return Role.DEVELOPER if value == "member" else Role(value)


class KeyPermissionsSerializer(serializers.Serializer):
    """What the key may do, of what its maker may. What is left out is allowed."""

    allow_algo = serializers.BooleanField(default=True)
    algo_acl = serializers.ListField(
        child=serializers.CharField(max_length=140),
        default=[ALL_ALGORITHMS],
        help_text="What it may call: `algo://*`, `algo://owner/*`, `algo://owner/name/*`.",
    )
    allow_web_algo = serializers.BooleanField(default=True, help_text="Calls from pages in a browser.")
    referer_host = serializers.CharField(
        default="", allow_blank=True, help_text="The host of those pages; any if empty."
    )
    allow_data = serializers.BooleanField(default=True)
    allow_data_write = serializers.BooleanField(default=True)
    allow_algo_management = serializers.BooleanField(default=True, help_text="All that is neither calling nor data.")
    data_acl = serializers.ListField(
        child=serializers.CharField(max_length=255),
        default=[ALL_DATA],
        help_text="Which data it may use: `data://*`, `data://owner/*`, `data://owner/collection/*`.",
    )
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=43),
        default=[],
        help_text="Networks that it may be used from, such as `203.0.113.0/24`; any if empty.",
    )
    expires_at = serializers.DateTimeField(default=None, allow_null=True, help_text="When it ends; null for never.")


class KeyInputSerializer(serializers.Serializer):
    """A new key."""

    name = serializers.CharField(max_length=100)
    permissions = KeyPermissionsSerializer(required=False)

    def permitted(self) -> KeyPermissions:
        """The validated permissions."""
        given = self.validated_data.get("permissions", {})
        lists = {name: tuple(given[name]) for name in ("algo_acl", "data_acl", "addresses") if name in given}
        return KeyPermissions(**given | lists)


class KeySerializer(serializers.Serializer):
    """An API key. Its text is shown once, when it is made."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    permissions = serializers.SerializerMethodField()
    team = serializers.CharField(source="team.name", default=None, allow_null=True, help_text="That it belongs to.")
    created_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)

    def get_permissions(self, key: ApiKey) -> KeyPermissionsSerializer:
        return KeyPermissionsSerializer(permissions_of(key)).data


class NewKeySerializer(KeySerializer):
    """A key just made, with its text, which cannot be shown again."""

    key = serializers.CharField()


class BalanceSerializer(serializers.Serializer):
    """What an organization can spend and what its algorithms earned. A micro-credit is a millionth of a credit."""

    balance_microcredits = serializers.IntegerField()
    earnings_microcredits = serializers.IntegerField()


class CallSerializer(serializers.Serializer):
    """One call that the organization paid for. Times are microseconds, sizes bytes."""

    call_id = serializers.UUIDField(source="record.call_id")
    root_id = serializers.UUIDField(source="record.root_id")
    parent_id = serializers.UUIDField(source="record.parent_id", allow_null=True)
    key_name = serializers.CharField(allow_null=True, help_text="Null for a call by another algorithm or the console.")
    key_id = serializers.UUIDField(source="record.key_id", allow_null=True)
    algorithm = serializers.CharField(source="record.algorithm")
    version = serializers.CharField(source="record.version")
    started_at = serializers.DateTimeField(source="record.started_at")
    queue_us = serializers.IntegerField(source="record.queue_us")
    load_us = serializers.IntegerField(source="record.load_us")
    run_us = serializers.IntegerField(source="record.run_us")
    cpu_us = serializers.IntegerField(source="record.cpu_us")
    peak_memory_bytes = serializers.IntegerField(source="record.peak_memory_bytes")
    bytes_in = serializers.IntegerField(source="record.bytes_in")
    bytes_out = serializers.IntegerField(source="record.bytes_out")
    cold = serializers.BooleanField(source="record.cold")
    outcome = serializers.CharField(source="record.outcome")
    error_type = serializers.CharField(source="record.error_type", allow_null=True)
    compute_microcredits = serializers.IntegerField(source="record.compute_charge")
    royalty_microcredits = serializers.IntegerField(source="record.royalty_charge")
