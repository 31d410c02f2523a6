"""What a request for a call that may wait says, and whether it may be had."""

import re
import uuid
from urllib.parse import urlencode

import msgspec
from rest_framework.exceptions import NotAuthenticated, UnsupportedMediaType
from rest_framework.request import Request

from marketplace.algorithms.approvals import find_approved
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.selectors import find_algorithm_name, get_version, get_visible_algorithm
from marketplace.algorithms.version_numbers import LATEST_PRIVATE
from marketplace.api.by_id import NOBODY
from marketplace.api.errors import InputTooLarge
from marketplace.api.permissions import get_scope
from marketplace.directory.sites import REFUSAL, may_use_from
from marketplace.directory.tokens import CallToken
from marketplace.errors import InvalidInput, NotFound, PermissionDenied
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
from marketplace.organizations.key_permissions import check_can_call, to_beginnings
from marketplace.organizations.models import ApiKey
from marketplace.organizations.permissions import check_can_call_algorithms
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.webhook_addresses import check_webhook_url

LONGEST_KEY = 255
BATCH_RULE = "Send a JSON array as application/json, or lines of JSON as application/x-ndjson."
BATCH_LIMIT = 50 << 20
"""Bytes."""
MOST_ITEMS = 10_000
JSON, LINES = "application/json", ("application/x-ndjson", "application/ndjson", "application/jsonl")

BOUNDS = {
    "max_depth": re.compile("[0-9]{1,9}", re.ASCII),
    "max_calls": re.compile("[0-9]{1,9}", re.ASCII),
    "max_cost": re.compile("[0-9]{1,12}(?:[.][0-9]{1,6})?", re.ASCII),
}
"""The gateway's, which reads them again (marketplace/gateway/addresses.py)."""
TREE_BOUNDS = ("most_depth", "most_calls", "most_cost")

_array = msgspec.json.Decoder(list[msgspec.Raw])


def read_order(request: Request, *, owner: str, name: str, algorithm_id: uuid.UUID | None, version: str) -> Order:
    """Which version is asked for, and how. Raises NotAuthenticated, NotFound, PermissionDenied, InvalidInput."""
    if request.auth is None:
        raise NotAuthenticated("authorization required")
    reference = "/".join(part for part in (owner, name, str(algorithm_id or ""), version) if part)
    scope = get_scope(request)
    check_can_call_algorithms(scope)
    try:
        algorithm = _find_algorithm(scope, owner, name, algorithm_id)
        found = _find_version(scope, algorithm, version)
    except NotFound:
        raise NotFound(f"algorithm algo://{reference} not found") from None
    check_key(request, algorithm.full_name)
    _check_site(request)
    found = find_approved(organization=scope.organization, version=found, selector=version)
    return Order(
        version=found,
        timeout=min(_read_timeout(request), found.timeout_seconds),
        bounds_query=_read_bounds(request),
        webhook=_read_webhook(request),
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
        bounds={name: value for name in TREE_BOUNDS if (value := getattr(token, name)) is not None},
    )


def read_tree(request: Request) -> uuid.UUID | None:
    """The tree of calls that an algorithm may see; None for those who may see all of their organization's."""
    return _to_uuid(request.auth.root_id) if isinstance(request.auth, CallToken) else None


def check_key(request: Request, full_name: str) -> None:
    """What a key may not call, it may not see or cancel calls of either. Raises PermissionDenied."""
    if isinstance(request.auth, ApiKey):
        check_can_call(request.auth, full_name)


def read_beginnings(request: Request) -> tuple[str, ...] | None:
    """How `owner/name/` begins of what the key may call; None for any, and for algorithms."""
    key = request.auth
    return to_beginnings(allow_algo=key.allow_algo, algo_acl=key.algo_acl) if isinstance(key, ApiKey) else None


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


def read_inputs(request: Request) -> list[Input]:
    """The body of a batch. Raises UnsupportedMediaType, InputTooLarge, InvalidInput."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in {JSON, *LINES}:
        raise UnsupportedMediaType("", detail=BATCH_RULE)
    body = read_body(request, BATCH_LIMIT)
    if len(body) > BATCH_LIMIT:
        raise InputTooLarge(f"The batch is larger than {BATCH_LIMIT >> 20} MiB: send several.")
    items = _split_array(body) if kind == JSON else [line for line in body.split(b"\n") if line.strip()]
    if not 1 <= len(items) <= MOST_ITEMS:
        raise InvalidInput("input", f"A batch has 1 to {MOST_ITEMS:,} inputs, and this one has {len(items):,}.")
    return [check_input("json", item, place=f"Input {number}: ") for number, item in enumerate(items)]


def read_body(request: Request, limit: int) -> bytes:
    """At most `limit` bytes and one more; Django's own limit is for forms."""
    body: bytes = request.read(limit + 1)
    return body


def _split_array(body: bytes) -> list[bytes]:
    if (fault := find_fault("json", body)) is not None:
        raise InvalidInput("input", fault)
    try:
        return [bytes(item) for item in _array.decode(body)]
    except msgspec.ValidationError:
        raise InvalidInput("input", "A batch is a JSON array of inputs.") from None


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


def _read_bounds(request: Request) -> str:
    given = {name: request.query_params[name] for name in BOUNDS if name in request.query_params}
    for name, text in given.items():
        if BOUNDS[name].fullmatch(text) is None:
            raise InvalidInput(name, f"{name} must be a number.")
    return urlencode(given)


def _check_site(request: Request) -> None:
    key = request.auth
    if not (isinstance(key, ApiKey) and request.path.startswith("/v1/web/")):
        return
    headers = {name.lower(): text for name, text in request.headers.items()}
    if not may_use_from(headers, web=key.allow_web_algo, referer_host=key.referer_host):
        raise PermissionDenied(REFUSAL)


def _read_webhook(request: Request) -> str | None:
    url = request.query_params.get("webhook") or request.headers.get("X-Agora-Webhook")
    if not url:
        return None
    if read_tree(request) is not None:  # else code of strangers could send what it is given anywhere
        raise PermissionDenied("An algorithm cannot name a webhook: look at the call instead.")
    check_webhook_url(url, field="webhook")
    return url


def _read_idempotency_key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (key and key.isascii() and key.isprintable() and len(key) <= LONGEST_KEY):
        raise InvalidInput("Idempotency-Key", f"An idempotency key is 1 to {LONGEST_KEY} printable ASCII characters.")
    return key


def _to_uuid(text: str | None) -> uuid.UUID | None:
    return None if text is None else uuid.UUID(text)
