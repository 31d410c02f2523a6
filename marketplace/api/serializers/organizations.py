"""Organizations, their keys, and what they have."""

from rest_framework import serializers


class OrganizationSerializer(serializers.Serializer):
    """The organization that the key acts for."""

    id = serializers.UUIDField()
    org_name = serializers.CharField(source="slug", help_text="The owner in `owner/name`.")
    org_label = serializers.CharField(source="name")
    personal = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    resource_type = serializers.CharField(read_only=True, default="organization")


class OrganizationsSerializer(serializers.Serializer):
    """The organizations that the key acts for: one."""

    results = OrganizationSerializer(many=True)


class KeyInputSerializer(serializers.Serializer):
    """A new key."""

    name = serializers.CharField(max_length=100)


class KeySerializer(serializers.Serializer):
    """An API key. Its text is shown once, when it is made."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    prefix = serializers.CharField()
    created_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


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
