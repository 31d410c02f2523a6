"""Why a call is not made, and who must act. The status stands with the class, and nowhere else.

Refused
├── BadRequest          the caller: the address, an option or the body cannot be read (400)
├── UnsupportedContent  the caller: the content type is none of the three (415)
├── Unauthorized        the caller: no key, or none that is known (401)
├── Forbidden           the caller: its key, or its organization, may not call this algorithm (403)
├── PaymentRequired     the caller: their credits are used up (402)
├── UnknownAlgorithm    the caller: no such algorithm or version, or not theirs to see (404)
├── Retired             the author: the version's environment is no more (410)
├── WrongMethod         the caller: calls are POST (405)
├── KeyInUse            the caller, later: the call with this idempotency key runs (409)
├── KeyOfAnother        the caller: this idempotency key was used for another request (422)
├── TooLarge            the caller: the body is larger than BODY_LIMIT (413)
├── HeadTooLarge        the caller: address and headers are larger than HEAD_LIMIT (431)
├── QueueIsFull         the caller, later: too many calls wait for this version (429)
├── TooFast             the caller, later: more calls per second, or at once, than its key may make (429)
├── TreeStopped         the author or the caller: a call tree became larger than its first caller allows (400)
├── Ended               the caller: somebody who may has ended their call (409)
├── NotNow              the caller, later: a part of the platform is away (503)
└── OurFault            us: the log has the reason, by the id in the message (500)
"""

from collections.abc import Mapping
from typing import ClassVar

from marketplace.invocations.requests import INPUT_LIMIT

BODY_LIMIT = INPUT_LIMIT
HEAD_LIMIT = 64 << 10
"""Bytes of a request's first line and headers."""


class Refused(Exception):
    """A call that is not made: nothing has run and nothing is owed. The message is for the caller."""

    status: ClassVar[int]
    error_type: ClassVar[str]

    def __init__(self, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}


class BadRequest(Refused):
    status = 400
    error_type = "InputError"


class UnsupportedContent(Refused):
    status = 415
    error_type = "UnsupportedError"


class Unauthorized(Refused):
    status = 401
    error_type = "AuthorizationError"

    def __init__(self, message: str) -> None:
        super().__init__(message, {"www-authenticate": 'Simple realm="agora"'})


class Forbidden(Refused):
    status = 403
    error_type = "AuthorizationError"


class PaymentRequired(Refused):
    status = 402
    error_type = "PaymentRequiredError"


class UnknownAlgorithm(Refused):
    status = 404
    error_type = "EntityNotFoundError"


class Retired(Refused):
    status = 410
    error_type = "EnvironmentError"


class WrongMethod(Refused):
    status = 405
    error_type = "UnsupportedError"

    def __init__(self) -> None:
        super().__init__("An algorithm is called with POST.", {"allow": "POST"})


class KeyInUse(Refused):
    status = 409
    error_type = "IdempotencyError"

    def __init__(self, message: str) -> None:
        super().__init__(message, {"retry-after": "1"})


class KeyOfAnother(Refused):
    status = 422
    error_type = "IdempotencyError"

    def __init__(self) -> None:
        super().__init__("This idempotency key was used for another request: use a new one for each.")


class TooLarge(Refused):
    status = 413
    error_type = "TooLargeError"

    def __init__(self) -> None:
        super().__init__(f"The input is larger than {BODY_LIMIT >> 20} MiB: send less, or a reference to it.")


class HeadTooLarge(Refused):
    status = 431
    error_type = "TooLargeError"

    def __init__(self) -> None:
        super().__init__(f"The address and headers are larger than {HEAD_LIMIT >> 10} KiB.")


class QueueIsFull(Refused):
    status = 429
    error_type = "QueueFullError"

    def __init__(self, retry_after: float) -> None:
        seconds = max(1, round(retry_after))
        message = f"Too many calls wait for this version: try again in {seconds} s."
        super().__init__(message, {"retry-after": str(seconds)})


class TooFast(Refused):
    status = 429
    error_type = "RateLimitError"

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(f"{message} Try again in {seconds} s.", {"retry-after": str(seconds)})


class TreeStopped(Refused):
    status = 400
    error_type = "CallTreeError"


class Ended(Refused):
    """What ran until then is owed, as for a caller who goes away."""

    status = 409
    error_type = "CancelledError"


class NotNow(Refused):
    status = 503
    error_type = "SystemError"

    def __init__(self, message: str) -> None:
        super().__init__(message, {"retry-after": "1"})


class OurFault(Refused):
    status = 500
    error_type = "SystemError"
