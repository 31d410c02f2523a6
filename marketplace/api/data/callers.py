"""Whom a request for hosted data acts for: an API key, or the right to call that an algorithm has."""

import time

from django.conf import settings
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated

from marketplace.datasets.permissions import Actor
from marketplace.directory.keys import read_key
from marketplace.directory.tokens import NOBODY, PREFIX, CallToken, read_token
from marketplace.errors import NotFound
from marketplace.organizations.models import Membership, Role
from marketplace.organizations.selectors import (
    find_api_key,
    find_api_key_by_id,
    get_key_organization,
    get_token_organization,
)

CHALLENGE = 'Simple realm="agora"'


class UnknownKey(AuthenticationFailed):
    """A key, or a right to call, that is none."""

    auth_header = CHALLENGE
    default_detail = "This API key is unknown or revoked."


class KeyNeeded(NotAuthenticated):
    """What nobody may have without a key."""

    auth_header = CHALLENGE
    default_detail = "authorization required: send `Authorization: Simple YOUR_API_KEY`."


def identify(authorization: str, address: str) -> Actor | None:
    """None without a key; `address` is where it came from. Raises UnknownKey, PermissionDenied."""
    text = read_key(authorization)
    if not text:
        return None
    actor = _actor_of_token(text) if text.startswith(PREFIX) else _actor_of_key(text, address)
    if actor is None:
        raise UnknownKey
    return actor


def _actor_of_key(text: str, address: str) -> Actor | None:
    key = find_api_key(text=text, address=address)
    if key is None:
        return None
    try:
        scope = get_key_organization(key=key)
    except NotFound:  # who made it has left
        return None
    return Actor(scope.organization, scope.user, key=key)


def _actor_of_token(text: str) -> Actor | None:
    token = read_token(text, secret=settings.SECRET_KEY, now=time.time())
    if token is None:
        return None
    key = find_api_key_by_id(key_id=token.key_id) if token.key_id else None
    if token.key_id and key is None:
        return None
    user_id = _find_owner(token) if token.user_id == NOBODY else token.user_id
    try:
        scope = get_token_organization(user_id=user_id, organization_id=token.organization_id)
    except NotFound:
        return None
    return Actor(scope.organization, scope.user, token.algorithm, token.root_id, key)


def _find_owner(token: CallToken) -> int:
    """Who has owned the organization longest: for a version that loads its files before anyone has called it."""
    owners = Membership.objects.filter(organization=token.organization_id, role=Role.OWNER, user__is_active=True)
    return owners.order_by("created_at").values_list("user", flat=True).first() or NOBODY
