"""Secrets, whose values no answer has."""

from rest_framework import serializers

PROVIDER_ID = "internal"


class SecretSerializer(serializers.Serializer):
    """A secret. Its value is in the slots of its algorithm, and is never shown."""

    id = serializers.UUIDField()
    short_name = serializers.CharField(source="label")
    description = serializers.CharField()
    secret_key = serializers.CharField(source="variable", help_text="The environment variable.")
    owner_type = serializers.CharField(read_only=True, default="algorithm")
    owner_id = serializers.UUIDField(source="algorithm_id")
    provider_id = serializers.CharField(read_only=True, default=PROVIDER_ID)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class OrganizationSecretSerializer(SecretSerializer):
    """A secret in the slots of all algorithms of an organization that have none of the same name."""

    owner_type = serializers.CharField(read_only=True, default="organization")
    owner_id = serializers.UUIDField(source="organization_id")


class SecretInputSerializer(serializers.Serializer):
    """What can be changed of a secret."""

    short_name = serializers.CharField(source="label", max_length=100, required=False)
    secret_key = serializers.CharField(source="variable", max_length=100, required=False)
    secret_value = serializers.CharField(
        source="value", required=False, write_only=True, trim_whitespace=False, allow_blank=True
    )
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)


class NewSecretSerializer(SecretInputSerializer):
    """A secret. Another value for the same variable replaces the one before."""

    short_name = serializers.CharField(source="label", max_length=100)
    secret_key = serializers.CharField(source="variable", max_length=100, help_text="The environment variable.")
    secret_value = serializers.CharField(source="value", write_only=True, trim_whitespace=False, allow_blank=True)
    owner_type = serializers.ChoiceField(["algorithm"], required=False)
    provider_id = serializers.ChoiceField([PROVIDER_ID], required=False)


class NewOrganizationSecretSerializer(NewSecretSerializer):
    """A secret of all algorithms of an organization."""

    owner_type = serializers.ChoiceField(["organization"], required=False)


class SecretProviderSerializer(serializers.Serializer):
    """Who keeps secrets."""

    id = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    is_enabled = serializers.BooleanField()
    is_default = serializers.BooleanField()
