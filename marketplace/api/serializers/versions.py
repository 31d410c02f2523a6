"""Publication."""

from rest_framework import serializers

from marketplace.algorithms.version_numbers import BUMPS

LARGEST_ROYALTY = 1_000_000_000_000
"""Micro-credits: a million credits."""


class NewVersionInfoSerializer(serializers.Serializer):
    """What the author says about a version. Its sample input comes with the build's settings."""

    version_type = serializers.ChoiceField(BUMPS, default="minor")
    release_notes = serializers.CharField(required=False, allow_blank=True, default="", max_length=20_000)


class NewVersionPriceSerializer(serializers.Serializer):
    """What a call costs on top of compute."""

    royalty_microcredits = serializers.IntegerField(min_value=0, max_value=LARGEST_ROYALTY, default=0)


class NewVersionSerializer(serializers.Serializer):
    """A publication. The build is named by `build_id` or `source_hash`."""

    build_id = serializers.UUIDField(required=False)
    source_hash = serializers.RegexField(r"\A[0-9a-f]{64}\Z", required=False)
    version_info = NewVersionInfoSerializer(default={"version_type": "minor", "release_notes": ""})
    settings = NewVersionPriceSerializer(default={"royalty_microcredits": 0})

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        if ("build_id" in attrs) == ("source_hash" in attrs):
            raise serializers.ValidationError({"build_id": "Send build_id or source_hash, and not both."})
        return attrs
