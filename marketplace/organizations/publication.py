"""Tells the gateways about API keys."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from marketplace.directory import publisher
from marketplace.directory.entries import KeyEntry
from marketplace.organizations.key_permissions import to_beginnings
from marketplace.organizations.models import ApiKey

ROW = (
    *("key_hash", "id", "created_by_id", "organization_id"),
    *("allow_algo", "algo_acl", "allow_web_algo", "referer_host", "addresses", "expires_at", "team_id"),
)


@transaction.atomic
def publish_keys_now(key_hashes: Collection[str]) -> None:
    """Makes the directory say of these keys what the database says. Safe to repeat. Raises redis.RedisError."""
    keys = _usable_keys().filter(key_hash__in=key_hashes).select_for_update(of=("self",)).order_by("pk")
    usable = {key_hash: _to_entry(*row) for key_hash, *row in keys.values_list(*ROW)}
    publisher.publish_keys({key_hash: usable.get(key_hash) for key_hash in key_hashes})


def collect_key_entries() -> dict[str, KeyEntry]:
    """Every usable key, by hash."""
    return {key_hash: _to_entry(*row) for key_hash, *row in _usable_keys().values_list(*ROW).iterator()}


def _usable_keys() -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(revoked_at=None, created_by__is_active=True)


def _to_entry(*row: Any) -> KeyEntry:
    key_id, user_id, organization_id, allow_algo, patterns, web, referer_host, addresses, expires_at, team_id = row
    return KeyEntry(
        key_id=str(key_id),
        user_id=user_id,
        organization_id=str(organization_id),
        algorithms=to_beginnings(allow_algo=allow_algo, algo_acl=patterns),
        web=web,
        referer_host=referer_host,
        addresses=tuple(addresses),
        expires_at=expires_at.timestamp() if expires_at else 0.0,
        team=str(team_id or ""),
    )
