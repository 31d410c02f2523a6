"""The meter's way to Redis."""

import redis
from django.conf import settings


def connect() -> redis.Redis:
    """A client of the platform's Redis, to be used as a context manager."""
    return redis.Redis.from_url(settings.REDIS_URL, client_name="hot-balances")
