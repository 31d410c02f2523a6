"""A page of a batch, read while its calls finish."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.invocations.models import AsyncCall, Batch, CallState
from tests.factories.async_calls import make_batch
from tests.factories.catalogue import make_version
from tests.factories.people import scope_of
from tests.integration.api.conftest import Caller


class FinishAfterTheFirstLook:
    """Finishes a batch's calls as soon as one query has read them."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.looked = False

    def __call__(self, execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        rows = execute(sql, *rest)
        if not self.looked and sql.startswith("SELECT") and f'FROM "{AsyncCall._meta.db_table}"' in sql:
            self.looked = True
            self._finish()
        return rows

    def _finish(self) -> None:
        calls = AsyncCall.objects.filter(batch=self.batch)
        calls.update(state=CallState.SUCCEEDED, status=200, answer=b'{"result":1}', finished_at=timezone.now())


@pytest.mark.django_db
def test_results_are_never_older_than_the_counts(as_alice: Caller, alice: User) -> None:
    batch = make_batch(make_version(by=alice), scope=scope_of(alice))
    look = FinishAfterTheFirstLook(batch)
    with connection.execute_wrapper(look):
        page = as_alice.get(f"/v1/batches/{batch.id}").json()
    assert look.looked
    assert page["counts"]["queued"] == 3, "who sees that all is finished finds every answer"
    assert [result["answer"] for result in page["results"]] == [{"result": 1}] * 3
