"""What there is of hosted data besides its files and directories, which have a door of their own (api/data)."""

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api.permissions import get_owned, get_scope
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.hosted_data import CollectionsSerializer, DefaultCollectionSerializer
from marketplace.datasets.permissions import Actor
from marketplace.datasets.selectors import get_collection, list_collections
from marketplace.datasets.services import set_default_collection
from marketplace.organizations.key_permissions import check_can_read_data
from marketplace.organizations.models import ApiKey


class HostedDataView(APIView):
    """/v1/hostedData"""

    permission_classes = [IsAuthenticated]

    @extend_schema(operation_id="list_collections", responses={200: CollectionsSerializer, **ERRORS})
    def get(self, request: Request) -> Response:
        """The collections of the organization that the key acts for, and what algorithms keep for it."""
        scope = get_scope(request)
        assert isinstance(request.auth, ApiKey), "else there is no scope"
        check_can_read_data(request.auth)
        return Response(CollectionsSerializer({"result": list_collections(owner=scope.organization)}).data)


class DefaultCollectionView(APIView):
    """/v1/algorithms/:owner/:name/collections/:id"""

    @extend_schema(
        operation_id="set_default_collection", request=None, responses={200: DefaultCollectionSerializer, **ERRORS}
    )
    def post(self, request: Request, owner: str, name: str, collection_id: uuid.UUID) -> Response:
        """Make a collection of the algorithm's owner what `data://.algo/default` means to the algorithm."""
        algorithm, scope = get_owned(request, owner, name), get_scope(request)
        collection = get_collection(owner=scope.organization, collection_id=collection_id)
        actor = Actor(scope.organization, scope.user)
        set_default_collection(actor=actor, algorithm=algorithm.full_name, directory=collection)
        return Response(DefaultCollectionSerializer({"result": str(collection)}).data)
