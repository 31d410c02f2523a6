"""Where sources are kept."""

from rest_framework import serializers


class SourceHostUrlsSerializer(serializers.Serializer):
    """Addresses of a source host."""

    web = serializers.CharField()
    api = serializers.CharField()
    ssh = serializers.CharField(allow_null=True)


class SourceHostSignInSerializer(serializers.Serializer):
    """How to sign in at a source host."""

    client_id = serializers.CharField(allow_null=True)


class SourceHostSerializer(serializers.Serializer):
    """A place that keeps sources."""

    id = serializers.CharField()
    provider = serializers.CharField()
    name = serializers.CharField()
    default = serializers.BooleanField()
    enabled = serializers.BooleanField()
    oauth = SourceHostSignInSerializer()
    urls = SourceHostUrlsSerializer()


class SourceHostsSerializer(serializers.Serializer):
    """The places that keep sources."""

    results = SourceHostSerializer(many=True)


class SourceStatusSerializer(serializers.Serializer):
    """Whether the platform can reach an algorithm's source."""

    scm_connection_status = serializers.ChoiceField(["active", "deploy_key_error", "provider_internal_error"])
