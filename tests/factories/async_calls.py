"""Calls that may wait. No worker runs in most tests: they stay as they are made."""

from typing import Any

from django.utils import timezone

from marketplace.algorithms.models import Version
from marketplace.invocations.models import AsyncCall, Batch
from marketplace.invocations.submission import Input, Order, Origin, submit_batch, submit_call
from marketplace.organizations.selectors import AccessibleOrganization

ONE = Input("json", b"1")


def make_async_call(
    version: Version, *, scope: AccessibleOrganization, content: Input = ONE, **order: Any
) -> AsyncCall:
    """A queued call, which the scope's organization pays."""
    asked = Order(version=version, timeout=60, **order)
    call, _ = submit_call(scope=scope, order=asked, content=content, origin=Origin(), now=timezone.now())
    return call


def make_batch(version: Version, *, scope: AccessibleOrganization, size: int = 3, **order: Any) -> Batch:
    """A batch of queued calls with the inputs 0, 1, 2 …"""
    contents = [Input("json", str(number).encode()) for number in range(size)]
    asked = Order(version=version, timeout=60, **order)
    batch, _ = submit_batch(scope=scope, order=asked, contents=contents, origin=Origin(), now=timezone.now())
    return batch
