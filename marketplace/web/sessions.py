"""What a session says of how its person came in."""

from typing import Any, Protocol

from allauth.account.internal.flows.login import get_authentication_records


class Visit(Protocol):
    """A request, or the connection of a live page."""

    @property
    def session(self) -> Any: ...
    @property
    def user(self) -> Any: ...


def list_signed_on(visit: Visit) -> list[str]:
    """The ids of the organizations whose single sign-on let them in, as allauth noted it when it did."""
    records = get_authentication_records(visit, visit.user)
    return [record["provider"] for record in records if record["method"] == "socialaccount"]
