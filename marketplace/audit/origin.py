"""From where the act in progress is asked for. The edges say it (the middleware, authentication); record() notes it."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    """`address` of the internet, and what let them in: `session`, or `key` and how the key begins."""

    address: str = ""
    via: str = ""


NOWHERE = Origin()
"""The platform itself: the clock, a command."""
_origin: ContextVar[Origin] = ContextVar("audit_origin", default=NOWHERE)


def set_origin(origin: Origin) -> None:
    """For what is done from now on in this request."""
    _origin.set(origin)


def get_origin() -> Origin:
    """Of what is being done."""
    return _origin.get()
