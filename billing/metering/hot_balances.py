"""The hot balances: what each organization may still spend, in Redis, so that a call needs no database.

Calls charge them in the writer's script; everything else that moves a customer's balance changes them here, after its
commit, and tells the gateways.
"""

import json
import uuid

import redis
from django.conf import settings

from billing.metering.events import BALANCES

CHANGES = "directory:changes"
"""The channel on which gateways hear what to read again (its messages are the directory's `Change`)."""


def connect() -> redis.Redis:
    """A client of the platform's Redis, to be used as a context manager."""
    return redis.Redis.from_url(settings.REDIS_URL)


def add_to_balance(*, organization_id: uuid.UUID, amount: int) -> None:
    """Adds micro-credits (negative: takes) to the hot balance and tells the gateways."""
    field = str(organization_id)
    with connect() as client, client.pipeline(transaction=True) as pipeline:
        pipeline.hincrby(BALANCES, field, amount)
        pipeline.publish(CHANGES, json.dumps({"kind": "balances", "field": field}))
        pipeline.execute()
