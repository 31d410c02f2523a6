"""Invitations to organizations."""

from rest_framework import serializers

from marketplace.api.serializers.organizations import MemberInputSerializer
from marketplace.organizations.models import Role


class InvitationInputSerializer(MemberInputSerializer):
    """Whom to ask by mail, and what they become when they accept."""

    email = serializers.EmailField()

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        return {"role": Role.DEVELOPER, **attrs}


class InvitationSerializer(serializers.Serializer):
    """An open invitation. One that has expired stays here until it is taken back or sent again."""

    id = serializers.UUIDField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    invited_by = serializers.CharField(source="invited_by.username")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    resource_type = serializers.CharField(read_only=True, default="organization_invitation")
