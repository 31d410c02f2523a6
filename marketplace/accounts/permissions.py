"""Who runs the platform."""

from marketplace.accounts.models import User
from marketplace.errors import PermissionDenied


def check_is_operator(user: User) -> None:
    """Raises PermissionDenied unless they run the platform."""
    if not user.is_superuser:
        raise PermissionDenied("Only administrators of the platform may do this.")
