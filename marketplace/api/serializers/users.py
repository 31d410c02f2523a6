"""People."""

from django.conf import settings
from rest_framework import serializers

from marketplace.accounts.models import User


class UserSerializer(serializers.Serializer):
    """A person with an account."""

    id = serializers.CharField()
    username = serializers.CharField()
    fullname = serializers.CharField(source="get_full_name")
    email = serializers.CharField()
    self_link = serializers.SerializerMethodField()
    resource_type = serializers.CharField(read_only=True, default="user")

    def get_self_link(self, user: User) -> str:
        return f"{settings.AGORA_ADDRESS}/v1/users/{user.username}"


class NewUserSerializer(serializers.Serializer):
    """An account for somebody, who chooses a password by resetting it."""

    username = serializers.CharField(max_length=39)
    email = serializers.EmailField()
    fullname = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
