"""API keys, in the forms that marketplace/directory/keys.py reads."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from marketplace.accounts.models import User
from marketplace.directory.keys import read_key
from marketplace.organizations.models import ApiKey
from marketplace.organizations.selectors import find_api_key


class ApiKeyAuthentication(BaseAuthentication):
    """`request.user` becomes the person who made the key, `request.auth` the key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """None without a key. Raises AuthenticationFailed for a key that is unknown or revoked."""
        text = read_key(request.headers.get("Authorization", ""))
        if not text:
            return None
        key = find_api_key(text=text)
        if key is None:
            raise AuthenticationFailed("This API key is unknown or revoked.")
        return key.created_by, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Simple realm="agora"'
