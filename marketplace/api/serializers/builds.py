"""Builds."""

from typing import Any

from rest_framework import serializers

from marketplace.algorithms.build_queue import place_in_queue
from marketplace.algorithms.models import Build, BuildState, Version
from marketplace.api.serializers.algorithms import STATUSES, VersionInfoSerializer


class SettingsField(serializers.JSONField):
    """JSON text, but for what is nested too deep to be read."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return super().to_internal_value(data)
        except RecursionError:
            self.fail("invalid")


class BuildInputSerializer(serializers.Serializer):
    """An upload."""

    source = serializers.FileField(help_text="The author's folder as .tar.gz.")
    settings = SettingsField(
        required=False,
        help_text="JSON text: `environment`, `entry`, `timeout_seconds`, `memory_bytes`, `network`, `calls_others`, "
        "`sample_input`, `samples`, `input_schema`, `output_schema` (JSON Schema); all optional.",
    )


class BuildSerializer(serializers.Serializer):
    """A build of a source archive."""

    build_id = serializers.UUIDField(source="id")
    status = serializers.SerializerMethodField()
    state = serializers.ChoiceField(BuildState.choices)
    commit_sha = serializers.CharField(source="source_hash", help_text="SHA-256 of the source archive.")
    # Not `error`: published clients take any answer with that for a failure of the request.
    failure = serializers.CharField(source="error", help_text="Why it failed, for the author.")
    place = serializers.SerializerMethodField(help_text="In the queue: 1 for the next one, 0 when it does not wait.")
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    version_info = serializers.SerializerMethodField()
    resource_type = serializers.CharField(read_only=True, default="build")

    def get_status(self, build: Build) -> str:
        return STATUSES[BuildState(build.state)]

    def get_place(self, build: Build) -> int:
        if build.state != BuildState.QUEUED:
            return 0
        places = self.context.get("places")  # of a list: one query for all of its builds
        return place_in_queue(build.pk) if places is None else places.get(build.pk, 0)

    def get_version_info(self, build: Build) -> VersionInfoSerializer(allow_null=True):  # type: ignore[valid-type]  # for the schema
        try:
            return VersionInfoSerializer(build.version).data
        except Version.DoesNotExist:
            return None


class BuildLogSerializer(serializers.Serializer):
    """What a build has logged so far."""

    logs = serializers.CharField()
