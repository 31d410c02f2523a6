"""The answer to paths that do not exist."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from marketplace.errors import NotFound


@extend_schema(exclude=True)
class UnknownPathView(APIView):
    """Everything under /v1/ that is nothing else."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:  # noqa: ARG002 - DRF's signature
        """Before the method is looked at. Raises NotFound."""
        raise NotFound(f"There is nothing at {request.path}: see /v1/docs for what there is.")
