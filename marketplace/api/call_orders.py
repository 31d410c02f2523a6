"""What a request for a call that may wait says, and whether it may be had."""

import uuid

from rest_framework.exceptions import NotAuthenticated, UnsupportedMediaType
from rest_framework.request import Request

from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import find_algorithm_name, get_version, get_visible_algorithm
from marketplace.algorithms.version_numbers import LATEST_PRIVATE
from marketplace.api.by_id import NOBODY
from marketplace.api.errors import InputTooLarge
from marketplace.api.permissions import get_scope
from marketplace.directory.tokens import CallToken
from marketplace.errors import InvalidInput, NotFound
from marketplace.invocations.requests import (
    CONTENT_RULE,
    INPUT_LIMIT,
    MOST_SECONDS,
    TIMEOUT_RULE,
    InputKind,
    find_fault,
    find_kind,
    read_timeout,
)
from marketplace.invocations.submission import Input, Order, Origin
from marketplace.organizations.key_permissions import check_can_call
from marketplace.organizations.models import ApiKey
from marketplace.organizations.selectors import AccessibleOrganization

LONGEST_KEY = 255


def read_order(request: Request, *, owner: str, name: str, algorithm_id: uuid.UUID | None, version: str) -> Order:
    """Which version is asked for, and how. Raises NotAuthenticated, NotFound, PermissionDenied, InvalidInput."""
    if request.auth is None:
        raise NotAuthenticated("authorization required")
    reference = "/".join(part for part in (owner, name, str(algorithm_id or ""), version) if part)
    scope = get_scope(request)
    try:
        algorithm = _find_algorithm(scope, owner, name, algorithm_id)
        found = _find_version(scope, algorithm, version)
    except NotFound:
        raise NotFound(f"algorithm algo://{reference} not found") from None
    if isinstance(request.auth, ApiKey):
        check_can_call(request.auth, algorithm.full_name)
    return Order(
        version=found,
        timeout=min(_read_timeout(request), found.timeout_seconds),
        idempotency_key=_read_idempotency_key(request),
    )


def read_origin(request: Request) -> Origin:
    """Who asks."""
    if isinstance(request.auth, ApiKey):
        return Origin(key_id=request.auth.pk)
    token: CallToken = request.auth
    return Origin(
        key_id=_to_uuid(token.key_id),
        root_id=_to_uuid(token.root_id),
        parent_id=_to_uuid(token.parent_id),
        depth=token.depth,
    )


def read_tree(request: Request) -> uuid.UUID | None:
    """The tree of calls that an algorithm may see; None for those who may see all of their organization's."""
    return _to_uuid(request.auth.root_id) if isinstance(request.auth, CallToken) else None


def read_input(request: Request) -> Input:
    """The body. Raises UnsupportedMediaType, InputTooLarge, InvalidInput."""
    kind = find_kind(request.headers.get("Content-Type", ""))
    if kind is None:
        raise UnsupportedMediaType("", detail=CONTENT_RULE)
    return check_input(kind, read_body(request, INPUT_LIMIT))


def check_input(kind: InputKind, body: bytes, *, place: str = "") -> Input:
    """`place` says which one it is, of many. Raises InputTooLarge, InvalidInput."""
    if len(body) > INPUT_LIMIT:
        raise InputTooLarge(
            f"{place}The input is larger than {INPUT_LIMIT >> 20} MiB: send less, or a reference to it."
        )
    if (fault := find_fault(kind, body)) is not None:
        raise InvalidInput("input", f"{place}{fault}")
    return Input(kind, body)


def read_body(request: Request, limit: int) -> bytes:
    """At most `limit` bytes and one more; Django's own limit is for forms."""
    body: bytes = request.read(limit + 1)
    return body


def _find_algorithm(scope: AccessibleOrganization, owner: str, name: str, algorithm_id: uuid.UUID | None) -> Algorithm:
    if algorithm_id is not None:
        owner, name = find_algorithm_name(algorithm_id) or NOBODY
    return get_visible_algorithm(viewer=scope, owner=owner, name=name)


def _find_version(scope: AccessibleOrganization, algorithm: Algorithm, selector: str) -> Version:
    if selector.lower() == LATEST_PRIVATE and algorithm.organization_id != scope.organization.id:
        raise NotFound("Only its owners may call the latest private version.")
    return get_version(algorithm=algorithm, selector=selector)


def _read_timeout(request: Request) -> int:
    seconds = read_timeout(request.query_params.get("timeout", str(MOST_SECONDS)))
    if seconds is None:
        raise InvalidInput("timeout", TIMEOUT_RULE)
    return seconds


def _read_idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (key and key.isascii() and key.isprintable() and len(key) <= LONGEST_KEY):
        raise InvalidInput("Idempotency-Key", f"An idempotency key is 1 to {LONGEST_KEY} printable ASCII characters.")
    return key


def _to_uuid(text: str | None) -> uuid.UUID | None:
    return None if text is None else uuid.UUID(text)
