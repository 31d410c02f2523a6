"""Reads of what runs now: operators see everything, organizations their own."""

import redis

from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.directory import monitoring
from marketplace.errors import NotFound, Unavailable
from marketplace.monitor.sights import Picture, compose, narrow
from marketplace.organizations.models import Organization
from marketplace.organizations.selectors import AccessibleOrganization

AWAY = "What runs cannot be seen now: Redis does not answer. Try again in a moment."


def look_at_platform(*, user: User, before: Picture | None = None) -> Picture:
    """Everything. Raises PermissionDenied, Unavailable."""
    check_is_operator(user)
    return _look(before)


def look_at_organization(*, scope: AccessibleOrganization, before: Picture | None = None) -> Picture:
    """The calls that the organization pays for, and the slots and queues of its algorithms. Raises Unavailable."""
    return narrow(_look(before), str(scope.organization.id))


def get_running_call(*, scope: AccessibleOrganization | None, call_id: str) -> monitoring.RunningCall:
    """A call in progress; `scope` None is an operator. Raises NotFound, Unavailable."""
    picture = _look(None)
    if scope is not None:
        picture = narrow(picture, str(scope.organization.id))
    found = next((seen.call for seen in picture.calls if seen.call.call_id == call_id), None)
    if found is None:
        raise NotFound("This call does not run: it has ended, or it never was.")
    return found


def name_payers(picture: Picture) -> dict[str, str]:
    """The slugs of the organizations that call, by id."""
    ids = {seen.call.payer_id for seen in picture.calls}
    return {str(pk): slug for pk, slug in Organization.objects.filter(pk__in=ids).values_list("pk", "slug")}


def name_users(picture: Picture) -> dict[int, str]:
    """The names of the users behind the calls, by id."""
    ids = {seen.call.user_id for seen in picture.calls}
    return dict(User.objects.filter(pk__in=ids).values_list("pk", "username"))


def _look(before: Picture | None) -> Picture:
    try:
        return compose(monitoring.look(), before=before)
    except (redis.RedisError, OSError) as error:
        raise Unavailable(AWAY) from error
