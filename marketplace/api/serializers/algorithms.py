"""Algorithms, in the shape that Algorithmia's clients know."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from billing import api as billing
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import list_versions

CALLABILITY = ("public", "private")


@dataclass(frozen=True)
class DescribedAlgorithm:
    """An algorithm with its newest version and that version's price, if it has one."""

    algorithm: Algorithm
    version: Version | None
    price: billing.PriceTerms | None


class DetailsSerializer(serializers.Serializer):
    """The texts of the store page."""

    label = serializers.CharField(source="name", read_only=True)
    tagline = serializers.CharField(source="summary", required=False, allow_blank=True, help_text="One sentence.")
    summary = serializers.CharField(
        source="readme", required=False, allow_blank=True, help_text="The README, as Markdown.", trim_whitespace=False
    )
    tags = serializers.ListField(child=serializers.CharField(), required=False)


class LineDetailsSerializer(serializers.Serializer):
    """The texts of a line in a list."""

    label = serializers.CharField(source="name")
    tagline = serializers.CharField(source="summary")
    tags = serializers.ListField(child=serializers.CharField())


class SettingsSerializer(serializers.Serializer):
    """Who may call it, and what its next build is for."""

    algorithm_environment = serializers.CharField(source="environment", required=False)
    algorithm_callability = serializers.ChoiceField(CALLABILITY, required=False)


class AlgorithmInputSerializer(serializers.Serializer):
    """What can be changed of an algorithm."""

    details = DetailsSerializer(required=False)
    settings = SettingsSerializer(required=False)

    def texts(self) -> dict[str, object]:
        """The validated values, as the arguments of create_algorithm and update_algorithm."""
        given = {**self.validated_data.get("details", {}), **self.validated_data.get("settings", {})}
        callability = given.pop("algorithm_callability", None)
        return given if callability is None else {**given, "public": callability == "public"}


class NewAlgorithmSerializer(AlgorithmInputSerializer):
    """A new algorithm. `settings.algorithm_environment` is needed."""

    name = serializers.CharField(max_length=64)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        chosen = attrs.get("settings")
        if not (isinstance(chosen, dict) and chosen.get("environment")):
            raise serializers.ValidationError({"settings": {"algorithm_environment": "This field is required."}})
        return attrs


class VersionSettingsSerializer(serializers.Serializer):
    """How the newest version runs and what it costs."""

    algorithm_environment = serializers.CharField(source="algorithm.environment")
    algorithm_callability = serializers.SerializerMethodField()
    network_access = serializers.SerializerMethodField()
    pipeline_enabled = serializers.SerializerMethodField(help_text="Whether it may call other algorithms.")
    royalty_microcredits = serializers.SerializerMethodField(help_text="Per call, on top of compute.")
    compute_microcredits_per_second = serializers.SerializerMethodField()

    def get_algorithm_callability(self, described: DescribedAlgorithm) -> str:
        return CALLABILITY[0] if described.algorithm.public else CALLABILITY[1]

    def get_network_access(self, described: DescribedAlgorithm) -> str:
        return "full" if described.version and described.version.network else "isolated"

    def get_pipeline_enabled(self, described: DescribedAlgorithm) -> bool:
        return bool(described.version and described.version.calls_others)

    def get_royalty_microcredits(self, described: DescribedAlgorithm) -> int:
        return described.price.royalty_per_call if described.price else 0

    def get_compute_microcredits_per_second(self, described: DescribedAlgorithm) -> int:
        return described.price.compute_per_second if described.price else 0


class VersionInfoSerializer(serializers.Serializer):
    """A published version."""

    semantic_version = serializers.CharField(source="number")
    git_hash = serializers.CharField(source="source_hash", help_text="SHA-256 of the source archive.")
    version_uuid = serializers.UUIDField(source="id")
    release_notes = serializers.CharField()
    sample_input = serializers.CharField(help_text="JSON text, or nothing.")
    released_at = serializers.DateTimeField(source="published_at")


class AlgorithmSerializer(serializers.Serializer):
    """An algorithm and its newest version."""

    id = serializers.UUIDField(source="algorithm.id")
    owner = serializers.CharField(source="algorithm.organization.slug")
    name = serializers.CharField(source="algorithm.name")
    details = DetailsSerializer(source="algorithm")
    settings = VersionSettingsSerializer(source="*")
    version_info = VersionInfoSerializer(source="version", allow_null=True)
    created_at = serializers.DateTimeField(source="algorithm.created_at")
    updated_at = serializers.DateTimeField(source="algorithm.updated_at")
    self_link = serializers.SerializerMethodField()
    resource_type = serializers.CharField(read_only=True, default="algorithm")

    def get_self_link(self, described: DescribedAlgorithm) -> str:
        return link_to(described.algorithm)


class AlgorithmLineSerializer(serializers.Serializer):
    """An algorithm in a list."""

    id = serializers.UUIDField()
    owner = serializers.CharField(source="organization.slug")
    name = serializers.CharField()
    details = LineDetailsSerializer(source="*")
    algorithm_environment = serializers.CharField(source="environment")
    updated_at = serializers.DateTimeField()
    self_link = serializers.SerializerMethodField()

    def get_self_link(self, algorithm: Algorithm) -> str:
        return link_to(algorithm)


def link_to(algorithm: Algorithm) -> str:
    """The address of the algorithm in this API."""
    return f"{settings.AGORA_ADDRESS}/v1/algorithms/{algorithm.full_name}"


def describe_algorithm(algorithm: Algorithm) -> DescribedAlgorithm:
    """Reads what AlgorithmSerializer shows: the newest version, of those that were not withdrawn."""
    versions = list_versions(algorithm=algorithm)
    return describe_version(algorithm, versions[0] if versions else None)


def describe_version(algorithm: Algorithm, version: Version | None) -> DescribedAlgorithm:
    """The algorithm as of `version`."""
    if version is None:
        return DescribedAlgorithm(algorithm=algorithm, version=None, price=None)
    return describe_versions(algorithm, [version])[0]


def describe_versions(algorithm: Algorithm, versions: Sequence[Version]) -> list[DescribedAlgorithm]:
    """The algorithm as of each of its `versions`, in one query."""
    prices = billing.get_prices(version_ids=[version.id for version in versions], at=timezone.now())
    return [DescribedAlgorithm(algorithm, version, prices[version.id]) for version in versions]
