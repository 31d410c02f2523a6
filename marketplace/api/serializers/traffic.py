"""Traffic split between two versions. Amounts are micro-credits, times microseconds."""

from rest_framework import serializers

from billing.api import VersionMeasures
from marketplace.algorithms.models import TrafficSplit, Version
from marketplace.algorithms.traffic import measure_split


class TrafficSplitInputSerializer(serializers.Serializer):
    """A split to begin, or another percentage for the one in force."""

    base = serializers.CharField(max_length=64, help_text="A version, such as 1.2.0.")
    candidate = serializers.CharField(max_length=64)
    percent = serializers.IntegerField(min_value=0, max_value=100, help_text="Of 100 callers, who get the candidate.")


class HalfSerializer(serializers.Serializer):
    """One of the two versions, and its calls since the split began."""

    semantic_version = serializers.CharField()
    percent = serializers.IntegerField()
    calls = serializers.IntegerField()
    failed = serializers.IntegerField()
    cost_microcredits = serializers.IntegerField()
    median_run_us = serializers.IntegerField(allow_null=True)
    p95_run_us = serializers.IntegerField(allow_null=True)


class TrafficSplitSerializer(serializers.Serializer):
    """The split in force."""

    base = HalfSerializer()
    candidate = HalfSerializer()
    started_at = serializers.DateTimeField()
    resource_type = serializers.CharField(read_only=True, default="traffic_split")


def describe_split(split: TrafficSplit) -> dict[str, object]:
    """What TrafficSplitSerializer shows."""
    base, candidate = measure_split(split)
    return {
        "base": _half(split.base, 100 - split.percent, base),
        "candidate": _half(split.candidate, split.percent, candidate),
        "started_at": split.started_at,
    }


def _half(version: Version, percent: int, measures: VersionMeasures) -> dict[str, object]:
    return {
        "semantic_version": version.number,
        "percent": percent,
        "calls": measures.calls,
        "failed": measures.failed,
        "cost_microcredits": measures.cost,
        "median_run_us": measures.median_run_us,
        "p95_run_us": measures.p95_run_us,
    }
