"""Where an algorithm's source comes from."""

from rest_framework import serializers

from marketplace.repositories.imports import webhook_address, webhook_secret
from marketplace.repositories.models import Provider, SourceImport


class SourceImportInputSerializer(serializers.Serializer):
    """A branch of a public repository."""

    provider = serializers.ChoiceField(Provider.choices, help_text="Who tells of pushes.")
    url = serializers.CharField(max_length=2_000, help_text="What `git clone` takes, by https.")
    branch = serializers.CharField(max_length=200, default="main")


class SourceImportSerializer(SourceImportInputSerializer):
    """The import, and what to enter at the host as a webhook for pushes."""

    webhook_url = serializers.SerializerMethodField()
    webhook_secret = serializers.SerializerMethodField(help_text="GitHub calls it secret, GitLab secret token.")
    created_at = serializers.DateTimeField()
    fetched_at = serializers.DateTimeField(allow_null=True)
    commit_sha = serializers.CharField(source="commit", help_text="What was built last.")
    # Not `error`: published clients take any answer with that for a failure of the request.
    failure = serializers.CharField(help_text="Why the last fetch brought nothing.")

    def get_webhook_url(self, found: SourceImport) -> str:
        return webhook_address(found)

    def get_webhook_secret(self, found: SourceImport) -> str:
        return webhook_secret(found)
