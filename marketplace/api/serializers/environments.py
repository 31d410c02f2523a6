"""Languages and environments."""

from rest_framework import serializers

from marketplace.algorithms.environments import StandingEnvironment
from marketplace.algorithms.models import EnvironmentStatus


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
    machine_type = serializers.SerializerMethodField()
    status = serializers.ChoiceField(EnvironmentStatus.choices)
    status_message = serializers.CharField(source="message")
    instead = serializers.CharField(help_text="The environment to use, if this one is on its way out.")
    ends_at = serializers.DateTimeField(allow_null=True, help_text="When versions that were built for it stop.")
    toolchain_version = serializers.CharField(help_text="As it was seen last.")
    packages = serializers.ListField(
        source="manifest.debian_packages", child=serializers.CharField(), help_text="Debian packages that are there."
    )

    def get_machine_type(self, found: StandingEnvironment) -> str:
        return "GPU" if found.environment.manifest.gpu_class else "CPU"


class EnvironmentsSerializer(serializers.Serializer):
    """The environments of a language."""

    environments = EnvironmentSerializer(many=True)
