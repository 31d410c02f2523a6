"""Collections of hosted data."""

from rest_framework import serializers

from marketplace.datasets.models import Directory, Read


class CollectionAclSerializer(serializers.Serializer):
    """Who may read: the world, members, the owner, the owner's algorithms."""

    read_w = serializers.BooleanField()
    read_g = serializers.BooleanField()
    read_u = serializers.BooleanField()
    read_a = serializers.BooleanField()


class CollectionSerializer(serializers.Serializer):
    """A collection."""

    id = serializers.UUIDField()
    object_id = serializers.CharField(source="id", help_text="The same as `id`, for old clients.")
    collection_name = serializers.CharField(source="path")
    username = serializers.CharField(source="organization.slug", help_text="The owner.")
    acl = serializers.SerializerMethodField()
    location = serializers.CharField(source="uri")

    def get_acl(self, row: Directory) -> CollectionAclSerializer:
        """Members are as the owner here, so that a group means nothing."""
        public = row.read == Read.PUBLIC
        return {"read_w": public, "read_g": public, "read_u": True, "read_a": row.read != Read.PRIVATE}  # type: ignore[return-value]


class CollectionsSerializer(serializers.Serializer):
    """All collections of an owner."""

    result = CollectionSerializer(many=True)


class DefaultCollectionSerializer(serializers.Serializer):
    """The collection's address."""

    result = serializers.CharField()
