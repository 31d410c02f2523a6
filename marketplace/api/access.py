"""Who gets as far as a view. A module of its own: Django REST framework imports it before it has made its own views."""

from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request

from marketplace.organizations.key_permissions import check_can_manage
from marketplace.organizations.models import ApiKey


class IsManager(IsAuthenticated):
    """A key, and one that may do more than call and use data."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raises PermissionDenied for a key that may only do that."""
        if isinstance(request.auth, ApiKey):
            check_can_manage(request.auth)
        return super().has_permission(request, view)


class IsManagerOrReadOnly(IsManager):
    """The same, but for reading what everybody may read."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Raises PermissionDenied."""
        return request.method in SAFE_METHODS or super().has_permission(request, view)
