"""Sample inputs, and what versions answered to them."""

from rest_framework import serializers

from marketplace.algorithms.models import OnChange
from marketplace.algorithms.samples import Sample

CONTENT_TYPES = ("json", "text", "binary")


class SampleSerializer(serializers.Serializer):
    """An input to test builds with."""

    name = serializers.CharField(max_length=60)
    input = serializers.CharField(
        trim_whitespace=False, max_length=20_000, help_text="JSON text, text, or base64 of bytes, by `content_type`."
    )
    content_type = serializers.ChoiceField(CONTENT_TYPES, default="json")
    expected = serializers.CharField(
        required=False,
        allow_null=True,
        default=None,
        trim_whitespace=False,
        max_length=20_000,
        help_text="The result as JSON text. Without it, what the last version answered is expected.",
    )


class SamplesSerializer(serializers.Serializer):
    """The samples kept with an algorithm, besides those of its source; what is left out stays as it is."""

    samples = SampleSerializer(many=True, required=False)
    on_change = serializers.ChoiceField(
        OnChange.choices, required=False, help_text="What publishing does when one is not passed."
    )

    def to_arguments(self) -> dict[str, object]:
        """The validated values, as set_samples takes them."""
        given = dict(self.validated_data)
        if "samples" in given:
            given["samples"] = [Sample(**sample) for sample in given["samples"]]
        return given


class SampleResultSerializer(serializers.Serializer):
    """What became of a sample when the version was published."""

    name = serializers.CharField()
    verdict = serializers.ChoiceField(["passed", "failed", "differs", "changed", "not_run"])
    result = serializers.CharField(default="", help_text="JSON text; empty when it was long.")
    error = serializers.CharField(default="")
    duration = serializers.FloatField(default=0.0, help_text="Seconds.")
