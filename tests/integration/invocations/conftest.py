"""Recorded calls, by the drain that records them in the product."""

import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import redis
from django.core.cache import cache

from billing import api as billing
from billing.metering.drain import Drain
from marketplace.algorithms.models import Version
from marketplace.organizations.models import ApiKey, Organization
from tests.integration.billing.conftest import append_events, client, drain, make_event

__all__ = ["client", "drain"]
Record = Callable[..., uuid.UUID]


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Figures are cached for a minute: each test has its own."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def record(drain: Drain, client: redis.Redis) -> Record:
    """Records a call of a version, paid by an organization."""
    billing.ensure_partitions(datetime.now(UTC).date())

    def record_call(
        version: Version, payer: Organization, key: ApiKey | None = None, ago: float = 0, **changes: object
    ) -> uuid.UUID:
        algorithm = version.algorithm
        event = make_event(
            call_id=str(uuid.uuid4()),
            payer_id=str(payer.id),
            author_id=str(algorithm.organization_id),
            key_id=str(key.id) if key else None,
            algorithm=algorithm.full_name,
            version_id=str(version.id),
            version=version.number,
            started_at=int((time.time() - ago) * 1e6),
            **changes,
        )
        append_events(client, event)
        drain.drain_batch()
        return uuid.UUID(event.call_id)

    return record_call
