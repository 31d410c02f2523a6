"""API keys, in the forms that marketplace/directory/keys.py reads, and rights to call, where a view takes them."""

import time

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from marketplace.accounts.models import User
from marketplace.audit.origin import Origin, set_origin
from marketplace.directory.keys import read_key
from marketplace.directory.tokens import PREFIX, CallToken, read_token
from marketplace.errors import NotFound
from marketplace.organizations.models import ApiKey
from marketplace.organizations.selectors import find_api_key, find_api_key_by_id, get_token_organization


class ApiKeyAuthentication(BaseAuthentication):
    """`request.user` becomes the person who made the key, `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """None without a key. Raises AuthenticationFailed, and PermissionDenied at an address that it is not for."""
        text = read_key(request.headers.get("Authorization", ""))
        if not text:
            return None
        key = find_api_key(text=text, address=request.META.get("REMOTE_ADDR", ""))
        if key is None:
            raise AuthenticationFailed("This API key is unknown or revoked.")
        set_origin(Origin(request.META.get("REMOTE_ADDR", ""), f"key {key.prefix}"))
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Simple realm="agora"'


class CallTokenAuthentication(BaseAuthentication):
    """`request.auth` becomes the right to call that an algorithm has while it runs."""

    def authenticate(self, request: Request) -> tuple[User, CallToken] | None:
        """None for what is no right to call. Raises AuthenticationFailed for one that counts no more."""
        text = read_key(request.headers.get("Authorization", ""))
        if not text.startswith(PREFIX):
            return None
        token = read_token(text, secret=settings.SECRET_KEY, now=time.time())
        if token is None:
            raise AuthenticationFailed("This right to call has expired, or was not given by this platform.")
        if token.key_id and find_api_key_by_id(key_id=token.key_id) is None:
            raise AuthenticationFailed("The API key that began this call was revoked.")
        try:
            scope = get_token_organization(user_id=token.user_id, organization_id=token.organization_id)
        except NotFound as error:
            raise AuthenticationFailed(error.message) from None
        return scope.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Simple realm="agora"'


CALLERS = [CallTokenAuthentication, ApiKeyAuthentication]
"""For the views that algorithms may ask too."""
