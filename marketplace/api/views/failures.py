"""What failing algorithms said: the newest 200 of the last seven days."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.algorithms.selectors import list_owned_algorithms
from marketplace.api.permissions import get_owned, get_person, get_scope
from marketplace.api.schema import ERRORS
from marketplace.api.serializers.recent import FailureSerializer
from marketplace.api.views.users import find_person
from marketplace.directory.recent import read_failures
from marketplace.organizations.models import Organization
from marketplace.organizations.selectors import get_personal_organization

ROWS = {200: FailureSerializer(many=True), **ERRORS}


class AlgorithmFailuresView(APIView):
    """/v1/algorithms/:owner/:name/errors"""

    @extend_schema(operation_id="list_algorithm_errors", responses=ROWS)
    def get(self, request: Request, owner: str, name: str) -> Response:
        """The latest failures of an algorithm, whoever called it."""
        algorithm = get_owned(request, owner, name)
        return Response(describe(str(algorithm.id), algorithm.organization))


class OrganizationFailuresView(APIView):
    """/v1/organizations/:organization/errors"""

    @extend_schema(operation_id="list_organization_errors", responses=ROWS)
    def get(self, request: Request, organization: str) -> Response:
        """The latest failures of those of an organization's algorithms that the key may use."""
        scope = get_scope(request, organization)
        reached = set(list_owned_algorithms(scope=scope).values_list("name", flat=True))
        rows = describe(str(scope.organization.id), scope.organization)
        return Response([row for row in rows if row["algoname"] in reached])


class PersonFailuresView(APIView):
    """/v1/users/:username/errors"""

    @extend_schema(operation_id="list_user_errors", responses=ROWS)
    def get(self, request: Request, username: str) -> Response:
        """The latest failures of a person's own algorithms. The person's id stands for the name too."""
        named = get_person(request).username if username == str(get_person(request).pk) else username
        owner = get_personal_organization(user=find_person(request, named)).organization
        return Response(describe(str(owner.id), owner))


def describe(subject: str, organization: Organization) -> Any:
    """The rows of an algorithm or an organization, for the organization that owns them."""
    return FailureSerializer(read_failures(subject), many=True, context={"organization": organization}).data
