"""Languages and environments."""

from rest_framework import serializers


class LanguageSerializer(serializers.Serializer):
    """A language that algorithms may be written in."""

    name = serializers.CharField(source="language")
    display_name = serializers.CharField()
    configuration = serializers.CharField(read_only=True, default="{}")


class EnvironmentSerializer(serializers.Serializer):
    """A language with its toolchain: what a version is built for and runs in."""

    id = serializers.CharField()
    environment_specification_id = serializers.CharField(source="id")
    display_name = serializers.CharField()
    language = serializers.CharField()
    machine_type = serializers.CharField(read_only=True, default="CPU")


class EnvironmentsSerializer(serializers.Serializer):
    """The environments of a language."""

    environments = EnvironmentSerializer(many=True)
