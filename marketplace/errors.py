"""What can go wrong in the marketplace, and who must act.

MarketplaceError
├── NotFound            the caller: there is no such thing, or it is not theirs to see
├── PermissionDenied    the caller: they may see it, but an owner of the organization must do this
├── Conflict            the caller: what they ask for contradicts what is there already
├── TooLarge            the caller: they may not store so much
├── TooMany             the caller, later: so much of theirs waits already
├── OutOfSpace          us: there is no room on the disks
├── Unavailable         us: something outside does not answer; the caller may try again
└── InvalidInput        the caller: the field that `field` names must be mended

An error knows nothing of HTTP: `code` is its identity, and api/ and web/ map it to a status and a page.
The message is written for the person who must act, and may be shown as it is.
"""

from typing import ClassVar


class MarketplaceError(Exception):
    """Base of every error that the marketplace raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(MarketplaceError):
    """No such thing, or none that this person may know of: strangers cannot tell the two apart."""

    code = "not_found"


class PermissionDenied(MarketplaceError):
    """The person belongs to the organization, but their role does not allow this."""

    code = "permission_denied"


class Conflict(MarketplaceError):
    """What is asked contradicts what is there: a name that is taken, a build that is not finished."""

    code = "conflict"


class TooLarge(MarketplaceError):
    """More than one thing may have, or than all of theirs together may have."""

    code = "too_large"


class TooMany(MarketplaceError):
    """So much waits already that more would have to wait too long: later there is room again."""

    code = "too_many"


class OutOfSpace(MarketplaceError):
    """What is sent cannot be kept, whoever sends it."""

    code = "out_of_space"


class Unavailable(MarketplaceError):
    """Something outside that this needs does not answer: the same again in a moment may work."""

    code = "unavailable"


class InvalidInput(MarketplaceError):
    """A value that cannot be accepted. `field` is its name in the request."""

    code = "invalid_input"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
