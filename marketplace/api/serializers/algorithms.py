"""Algorithms, in the shape that Algorithmia's clients know."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from rest_framework import serializers

from billing import api as billing
from execution.environments import list_available
from marketplace.algorithms.models import Algorithm, Build, BuildState, License, Version
from marketplace.algorithms.pricing import LARGEST_ROYALTY
from marketplace.algorithms.selectors import list_versions
from marketplace.api.serializers.samples import SampleResultSerializer, SampleSerializer

CALLABILITY = ("public", "private")
NETWORK_ACCESS = ("full", "isolated")
SOURCE_VISIBILITY = ("open", "closed")
LANGUAGE_ALIASES = {"python3-1": "python", "python3": "python"}
"""Names of languages that Algorithmia's clients know. The others are ours too, or there are none of them."""


@dataclass(frozen=True)
class DescribedAlgorithm:
    """An algorithm with one of its versions and that version's price, or with a build that is no version, or alone."""

    algorithm: Algorithm
    version: Version | None = None
    price: billing.PriceTerms | None = None
    build: Build | None = None


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
    """Who may call it, what its next build is for, and what builds and versions get that do not say otherwise."""

    algorithm_environment = serializers.CharField(source="environment", required=False)
    language = serializers.CharField(required=False, help_text="Instead of an environment: its newest one.")
    algorithm_callability = serializers.ChoiceField(CALLABILITY, required=False)
    license = serializers.ChoiceField(License.choices, required=False)
    source_visibility = serializers.ChoiceField(SOURCE_VISIBILITY, required=False)
    network_access = serializers.ChoiceField(NETWORK_ACCESS, required=False)
    pipeline_enabled = serializers.BooleanField(
        source="calls_others", required=False, help_text="Whether it may call other algorithms."
    )
    royalty_microcredits = serializers.IntegerField(
        source="royalty_per_call", required=False, min_value=0, max_value=LARGEST_ROYALTY
    )

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        language = attrs.pop("language", None)
        if language is not None and "environment" not in attrs:
            attrs["environment"] = _environment_of(str(language))
        return attrs


class AlgorithmInputSerializer(serializers.Serializer):
    """What can be changed of an algorithm."""

    details = DetailsSerializer(required=False)
    settings = SettingsSerializer(required=False)

    def texts(self) -> dict[str, object]:
        """The validated values, as the arguments of create_algorithm and update_algorithm."""
        given = {**self.validated_data.get("details", {}), **self.validated_data.get("settings", {})}
        for name, field, yes in FLAGS:
            if name in given:
                given[field] = given.pop(name) == yes
        return given


FLAGS = (
    ("algorithm_callability", "public", "public"),
    ("source_visibility", "source_open", "open"),
    ("network_access", "network", "full"),
)
"""Settings that are words here and yes or no there."""


class NewAlgorithmSerializer(AlgorithmInputSerializer):
    """A new algorithm. `settings.algorithm_environment` is needed."""

    name = serializers.CharField(max_length=64)

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        chosen = attrs.get("settings")
        if not (isinstance(chosen, dict) and chosen.get("environment")):
            raise serializers.ValidationError({"settings": {"algorithm_environment": "This field is required."}})
        return attrs


class VersionSettingsSerializer(serializers.Serializer):
    """How this version runs and what it costs; of what is no version, how the next one will."""

    algorithm_environment = serializers.CharField(source="algorithm.environment")
    algorithm_callability = serializers.SerializerMethodField()
    license = serializers.CharField(source="algorithm.license")
    source_visibility = serializers.SerializerMethodField()
    network_access = serializers.SerializerMethodField()
    pipeline_enabled = serializers.SerializerMethodField(help_text="Whether it may call other algorithms.")
    royalty_microcredits = serializers.SerializerMethodField(help_text="Per call, on top of compute.")
    compute_microcredits_per_second = serializers.SerializerMethodField()

    def get_algorithm_callability(self, described: DescribedAlgorithm) -> str:
        return CALLABILITY[0] if described.algorithm.public else CALLABILITY[1]

    def get_source_visibility(self, described: DescribedAlgorithm) -> str:
        return SOURCE_VISIBILITY[0] if described.algorithm.source_open else SOURCE_VISIBILITY[1]

    def get_network_access(self, described: DescribedAlgorithm) -> str:
        return NETWORK_ACCESS[0] if (described.version or described.algorithm).network else NETWORK_ACCESS[1]

    def get_pipeline_enabled(self, described: DescribedAlgorithm) -> bool:
        return (described.version or described.algorithm).calls_others

    def get_royalty_microcredits(self, described: DescribedAlgorithm) -> int:
        return (described.price or described.algorithm).royalty_per_call

    def get_compute_microcredits_per_second(self, described: DescribedAlgorithm) -> int:
        return described.price.compute_per_second if described.price else 0


class VersionInfoSerializer(serializers.Serializer):
    """A published version, or a build that could become one: that has a hash and no number."""

    semantic_version = serializers.CharField(source="number", allow_null=True, default=None)
    git_hash = serializers.CharField(source="source_hash", help_text="SHA-256 of the source archive.")
    version_uuid = serializers.UUIDField(allow_null=True, default=None)
    release_notes = serializers.CharField(default="")
    sample_input = serializers.CharField(default="", help_text="JSON text, or nothing.")
    released_at = serializers.DateTimeField(source="published_at", allow_null=True, default=None)
    samples = SampleSerializer(many=True, default=())
    sample_results = SampleResultSerializer(many=True, default=())
    input_schema = serializers.DictField(default=dict, help_text="JSON Schema; empty where the author does not say.")
    output_schema = serializers.DictField(default=dict, help_text="The same of the result.")
    deprecated = serializers.CharField(source="deprecation", default="", help_text="What its callers are told.")
    rolled_back = serializers.BooleanField(default=False, help_text="Whether only those get it who name it.")

    def to_representation(self, instance: Version | Build) -> dict[str, object]:
        shown = super().to_representation(instance)
        return shown | {"version_uuid": str(instance.id)} if isinstance(instance, Version) else shown


class BuildLineSerializer(serializers.Serializer):
    """The build that a version was made by."""

    build_id = serializers.UUIDField(source="id")
    status = serializers.SerializerMethodField()
    commit_sha = serializers.CharField(source="source_hash")
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)

    def get_status(self, build: Build) -> str:
        return STATUSES[BuildState(build.state)]


STATUSES = {
    BuildState.QUEUED: "in-progress",
    BuildState.BUILDING: "in-progress",
    BuildState.SUCCEEDED: "succeeded",
    BuildState.FAILED: "failed",
    BuildState.CANCELLED: "failed",
}


class CompilationSerializer(serializers.Serializer):
    """What became of the build, and what it printed: the answer to a compilation has it, and is the only one."""

    successful = serializers.BooleanField()
    output = serializers.CharField()


class AlgorithmSerializer(serializers.Serializer):
    """An algorithm and its newest version."""

    id = serializers.UUIDField(source="algorithm.id")
    owner = serializers.CharField(source="algorithm.organization.slug")
    name = serializers.CharField(source="algorithm.name")
    details = DetailsSerializer(source="algorithm")
    settings = VersionSettingsSerializer(source="*")
    version_info = serializers.SerializerMethodField()
    build = BuildLineSerializer(allow_null=True)
    compilation = CompilationSerializer(read_only=True, allow_null=True, default=None)
    created_at = serializers.DateTimeField(source="algorithm.created_at")
    updated_at = serializers.DateTimeField(source="algorithm.updated_at")
    self_link = serializers.SerializerMethodField()
    resource_type = serializers.CharField(read_only=True, default="algorithm")

    def get_version_info(self, described: DescribedAlgorithm) -> VersionInfoSerializer(allow_null=True):  # type: ignore[valid-type]  # for the schema
        source = described.version or described.build
        return VersionInfoSerializer(source).data if source else None

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
        return DescribedAlgorithm(algorithm)
    return describe_versions(algorithm, [version])[0]


def describe_versions(algorithm: Algorithm, versions: Sequence[Version]) -> list[DescribedAlgorithm]:
    """The algorithm as of each of its `versions`, in one query."""
    prices = billing.get_prices(version_ids=[version.id for version in versions], at=timezone.now())
    return [DescribedAlgorithm(algorithm, version, prices[version.id], version.build) for version in versions]


def describe_build(algorithm: Algorithm, build: Build) -> DescribedAlgorithm:
    """The algorithm as of a build: as of its version, if it has become one."""
    try:
        version = build.version
    except Version.DoesNotExist:
        return DescribedAlgorithm(algorithm, build=build)
    return describe_version(algorithm, version)


def _environment_of(language: str) -> str:
    """The newest environment of that language. Raises ValidationError."""
    name = LANGUAGE_ALIASES.get(language, language)
    found = [environment.id for environment in list_available() if environment.language == name]
    if not found:
        raise serializers.ValidationError({"language": f"There is no language {language} here."})
    return found[-1]
