"""Tells the gateways about API keys."""

import uuid

from django.db import transaction

from marketplace.directory import publisher
from marketplace.directory.entries import KeyEntry
from marketplace.organizations.models import ApiKey


@transaction.atomic
def publish_key_now(key_hash: str) -> None:
    """Makes the directory say of this key what the database says. Safe to repeat. Raises redis.RedisError."""
    key = ApiKey.objects.select_for_update(of=("self",)).filter(key_hash=key_hash).first()
    if key is None or key.revoked_at is not None:
        publisher.remove_key(key_hash=key_hash)
    else:
        publisher.publish_key(key_hash=key_hash, entry=_to_entry(key.id, key.created_by_id, key.organization_id))


def collect_key_entries() -> dict[str, KeyEntry]:
    """Every usable key, by hash."""
    rows = ApiKey.objects.filter(revoked_at=None).values_list("key_hash", "id", "created_by_id", "organization_id")
    return {key_hash: _to_entry(*row) for key_hash, *row in rows.iterator()}


def _to_entry(key_id: uuid.UUID, user_id: int, organization_id: uuid.UUID) -> KeyEntry:
    return KeyEntry(key_id=str(key_id), user_id=user_id, organization_id=str(organization_id))
