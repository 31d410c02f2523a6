"""Publication."""

import json

from rest_framework import serializers

from marketplace.algorithms.version_numbers import BUMPS
from marketplace.api.serializers.algorithms import AlgorithmInputSerializer, SettingsSerializer
from marketplace.api.serializers.prices import PriceTermsSerializer

SOURCE_HASH = r"\A[0-9a-f]{64}\Z"


class NewVersionInfoSerializer(serializers.Serializer):
    """What the author says about a version."""

    version_type = serializers.ChoiceField(BUMPS, default="minor")
    release_notes = serializers.CharField(required=False, allow_blank=True, default="", max_length=20_000)
    sample_input = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=20_000,
        trim_whitespace=False,
        help_text="JSON text; other text counts as a string. That of the build, if it is left out.",
    )
    git_hash = serializers.RegexField(SOURCE_HASH, required=False, help_text="The source to publish.")

    def validate_sample_input(self, value: str) -> str:
        try:
            json.loads(value or "null")
        except (ValueError, RecursionError):
            return json.dumps(value)
        return value


class VersionLifeSerializer(serializers.Serializer):
    """Who still gets a version; what is left out stays as it is."""

    deprecated = serializers.CharField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=500,
        help_text="What its callers are told with each answer; nothing takes the deprecation back.",
    )
    latest = serializers.BooleanField(
        required=False, help_text="True: who names no version gets this one, and newer ones are rolled back."
    )


class NewVersionSettingsSerializer(SettingsSerializer, PriceTermsSerializer):
    """Settings of the algorithm, and further terms of the version's price."""


class NewVersionSerializer(AlgorithmInputSerializer):
    """A publication of the build that `build_id` or a source hash names; without either, of the newest one.

    Details and settings change the algorithm, as if they were sent to it.
    """

    build_id = serializers.UUIDField(required=False)
    source_hash = serializers.RegexField(SOURCE_HASH, required=False)
    settings = NewVersionSettingsSerializer(required=False)
    version_info = NewVersionInfoSerializer(default={"version_type": "minor", "release_notes": ""})

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if "build_id" in attrs and "source_hash" in attrs:
            raise serializers.ValidationError({"build_id": "Send build_id or source_hash, and not both."})
        return attrs

    def texts(self) -> dict[str, object]:
        own = {field.source for field in PriceTermsSerializer().fields.values()}
        return {name: value for name, value in super().texts().items() if name not in own}
