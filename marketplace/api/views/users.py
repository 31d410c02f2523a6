"""People, for themselves and for administrators of the platform."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.accounts.models import User
from marketplace.accounts.selectors import list_users
from marketplace.algorithms.closing import close_account
from marketplace.api.pagination import paginate
from marketplace.api.permissions import check_is_administrator, get_person
from marketplace.api.schema import ERRORS, PAGING
from marketplace.api.serializers.pages import page_of
from marketplace.api.serializers.users import NewUserSerializer, UserSerializer
from marketplace.errors import NotFound
from marketplace.organizations.services import create_user


class UsersView(APIView):
    """/v1/users"""

    @extend_schema(operation_id="list_users", parameters=PAGING, responses={200: page_of(UserSerializer), **ERRORS})
    def get(self, request: Request) -> Response:
        """Everybody with an account, for administrators of the platform."""
        check_is_administrator(request)
        return Response(paginate(request, list_users(), lambda rows: UserSerializer(rows, many=True).data))

    @extend_schema(operation_id="create_user", request=NewUserSerializer, responses={201: UserSerializer, **ERRORS})
    def post(self, request: Request) -> Response:
        """Make an account for somebody, as an administrator of the platform."""
        check_is_administrator(request)
        body = NewUserSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        made = create_user(
            username=given["username"], email=given["email"], full_name=given["fullname"], by=get_person(request)
        )
        return Response(UserSerializer(made).data, status=status.HTTP_201_CREATED)


class UserView(APIView):
    """/v1/users/:username"""

    @extend_schema(operation_id="get_user", responses={200: UserSerializer, **ERRORS})
    def get(self, request: Request, username: str) -> Response:
        """Yourself; or anybody, for administrators of the platform."""
        return Response(UserSerializer(find_person(request, username)).data)

    @extend_schema(
        operation_id="delete_user",
        parameters=[OpenApiParameter("forfeit", bool, description="Give up the credits that are left.")],
        responses={204: None, **ERRORS},
    )
    def delete(self, request: Request, username: str) -> Response:
        """Delete your account, or anybody's as an administrator. 409 for the last owner, and while money is due."""
        forfeit = request.query_params.get("forfeit", "").lower() in {"true", "1"}
        close_account(user=find_person(request, username), forfeit=forfeit, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def find_person(request: Request, username: str) -> User:
    """The person of the key, or anybody if that person is an administrator. Raises NotFound for strangers."""
    person = get_person(request)
    found = list_users().filter(username__iexact=username).first() if person.is_superuser else None
    if found is None and person.username.lower() == username.lower():
        found = person
    if found is None:
        raise NotFound(f"There is nobody called {username} whom this key may see.")
    return found
