"""What happened lately."""

from rest_framework import serializers

from marketplace.directory.recent import Failure, Insights


class FailureSerializer(serializers.Serializer):
    """A call whose algorithm failed. The input and the texts are cut."""

    created_at = serializers.SerializerMethodField(help_text="Milliseconds since the epoch.")
    request_id = serializers.CharField(source="call_id")
    username = serializers.SerializerMethodField(help_text="The algorithm's owner.")
    algoname = serializers.SerializerMethodField()
    algoversion = serializers.CharField(source="version")
    input = serializers.CharField(help_text="Its first 128 characters.")
    error = serializers.CharField()
    error_type = serializers.CharField()
    stack_trace = serializers.CharField(source="stacktrace")
    billable_to = serializers.SerializerMethodField(help_text="Who called, if it was the owner.")

    def get_created_at(self, failure: Failure) -> int:
        return failure.at // 1_000

    def get_username(self, failure: Failure) -> str:
        return failure.algorithm.partition("/")[0]

    def get_algoname(self, failure: Failure) -> str:
        return failure.algorithm.partition("/")[2]

    def get_billable_to(self, failure: Failure) -> serializers.CharField(allow_null=True):  # type: ignore[valid-type]  # for the schema
        organization = self.context["organization"]
        return organization.slug if failure.payer_id == str(organization.id) else None


class InsightSerializer(serializers.Serializer):
    """One value that a call reports."""

    insight_key = serializers.CharField(max_length=100)
    insight_value = serializers.JSONField()


class ReportedSerializer(serializers.Serializer):
    """That a report has come in."""

    response = serializers.CharField()


class InsightsSerializer(serializers.Serializer):
    """What a call had to say of itself."""

    time = serializers.SerializerMethodField(help_text="Milliseconds since the epoch.")
    request_id = serializers.CharField(source="call_id", allow_null=True)
    session_id = serializers.CharField(source="root_id", allow_null=True, help_text="The first call of the tree.")
    insights = serializers.DictField(source="values", child=serializers.JSONField())

    def get_time(self, insights: Insights) -> int:
        return insights.at // 1_000
