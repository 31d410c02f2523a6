"""The account that a new platform starts with, to try it at once. Django must be set up."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import transaction

from marketplace.accounts.models import User
from marketplace.cli.home import Home, write_private
from marketplace.directory.keys import hash_key
from marketplace.organizations.models import ApiKey
from marketplace.organizations.services import (
    create_api_key,
    open_personal_organization,
    open_platform_organization,
    revoke_api_key,
)

USERNAME = "demo"
KEY_NAME = "Made by agora up"
PLATFORM_USERNAME = "agora"


@dataclass(frozen=True)
class Demonstration:
    """How to sign in, and a key that calls."""

    username: str
    password: str
    api_key: str


def open_demonstration(home: Home) -> Demonstration:
    """The account of before, or a new one with a password of its own; kept in a file that only its owner can read."""
    path = home.path / "demo.json"
    known = _read(path)
    if known is not None and ApiKey.objects.filter(key_hash=hash_key(known.api_key), revoked_at=None).exists():
        return known
    made = _make(password=known.password if known else secrets.token_urlsafe(12))
    write_private(path, json.dumps(asdict(made), indent=2))
    return made


def make_publisher_key() -> str:
    """A key of the organization that owns the examples; revoke_publisher_keys() ends it."""
    user, new = User.objects.get_or_create(username=PLATFORM_USERNAME, defaults={"email": "agora@localhost"})
    if new:
        user.set_unusable_password()
        user.save()
    return create_api_key(organization=open_platform_organization(by=user), name=KEY_NAME, by=user).text


def revoke_publisher_keys() -> None:
    """Ends the keys that make_publisher_key() made."""
    for key in ApiKey.objects.filter(created_by__username=PLATFORM_USERNAME, name=KEY_NAME, revoked_at=None):
        revoke_api_key(key=key, by=key.created_by)


@transaction.atomic
def _make(*, password: str) -> Demonstration:
    """Makes the user if there is none; sets the password, since nobody may know the one of before."""
    user, _ = User.objects.get_or_create(username=USERNAME, defaults={"email": f"{USERNAME}@localhost"})
    user.set_password(password)
    user.save()
    key = create_api_key(organization=open_personal_organization(user=user), name=KEY_NAME, by=user)
    return Demonstration(username=USERNAME, password=password, api_key=key.text)


def _read(path: Path) -> Demonstration | None:
    try:
        return Demonstration(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
