"""Errors become answers here and nowhere else: `{"error": {"id", "code", "message"}}` with the right status.

The id is also in the log, where an error of ours has its stack trace; no answer has one.
"""

import logging
import uuid
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from redis import RedisError
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from marketplace.errors import (
    Conflict,
    InvalidInput,
    MarketplaceError,
    NotFound,
    OutOfSpace,
    PermissionDenied,
    TooLarge,
    TooMany,
    Unavailable,
)

logger = logging.getLogger(__name__)

STATUSES: Mapping[type[MarketplaceError], int] = MappingProxyType(
    {
        NotFound: status.HTTP_404_NOT_FOUND,
        PermissionDenied: status.HTTP_403_FORBIDDEN,
        Conflict: status.HTTP_409_CONFLICT,
        InvalidInput: status.HTTP_400_BAD_REQUEST,
        TooMany: status.HTTP_429_TOO_MANY_REQUESTS,
        TooLarge: status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
        OutOfSpace: status.HTTP_507_INSUFFICIENT_STORAGE,
        Unavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
    }
)


class NoSuchAlgorithm(exceptions.APIException):
    """No such algorithm, or none that the caller may know of. Clients compare the whole body, so it never changes."""

    status_code = status.HTTP_404_NOT_FOUND
    body: Mapping[str, str] = MappingProxyType({"error": "No such algorithm"})


class SourceTooLarge(exceptions.APIException):
    """The upload is larger than a source may be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class BuildFailed(exceptions.APIException):
    """The source that was to be compiled cannot be built. The message says why, for its author."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "build_failed"


class StillBuilding(exceptions.APIException):
    """The build takes longer than an answer may."""

    status_code = status.HTTP_504_GATEWAY_TIMEOUT
    default_code = "still_building"


class InputTooLarge(exceptions.APIException):
    """What an algorithm, or all those of a batch, shall get is larger than it may be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response:  # noqa: ARG001 - DRF's signature
    """DRF's exception handler."""
    set_rollback()
    if isinstance(error, NoSuchAlgorithm):
        return Response(dict(error.body), status=error.status_code)
    if isinstance(error, MarketplaceError):
        return _answer(_status_of(error), error.code, _message_of(error))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, DjangoPermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _answer_framework_error(error)
    return _answer_unexpected(error)


def _status_of(error: MarketplaceError) -> int:
    return next(code for kind, code in STATUSES.items() if isinstance(error, kind))


def _message_of(error: MarketplaceError) -> str:
    return f"{error.field}: {error.message}" if isinstance(error, InvalidInput) else error.message


def _answer_framework_error(error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{wait:.0f}"
    code = "invalid_input" if isinstance(error, exceptions.ValidationError) else str(error.default_code)
    return _answer(error.status_code, code, first_message(error.detail), headers)


def first_message(detail: Any, path: str = "") -> str:
    """The first of DRF's nested messages, with the path of the field that it is about: `a.b: message`."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        if name == "non_field_errors":
            return first_message(inner, path)
        return first_message(inner, f"{path}.{name}" if path else str(name))
    if isinstance(detail, list | tuple):
        return first_message(next((item for item in detail if item), ""), path)
    return f"{path}: {detail}" if path else str(detail)


def _answer_unexpected(error: Exception) -> Response:
    error_id = str(uuid.uuid4())
    logger.error("error %s", error_id, exc_info=error)
    if isinstance(error, RedisError | OperationalError | InterfaceError):
        message = "A part of the platform did not answer: try again in a moment."
        return _answer(status.HTTP_503_SERVICE_UNAVAILABLE, "unavailable", message, error_id=error_id)
    message = f"Something went wrong on our side. Name {error_id} when you report it."
    return _answer(status.HTTP_500_INTERNAL_SERVER_ERROR, "internal", message, error_id=error_id)


def _answer(
    code: int, name: str, message: str, headers: dict[str, str] | None = None, error_id: str | None = None
) -> Response:
    readable = message.encode(errors="backslashreplace").decode()  # it may quote half a surrogate pair
    body = {"error": {"id": error_id or str(uuid.uuid4()), "code": name, "message": readable}}
    return Response(body, status=code, headers=headers)
