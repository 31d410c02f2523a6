"""Who may read and write hosted data.

| | private | my_algorithms | public | write, delete |
| --- | --- | --- | --- | --- |
| the owner: a key or a call that acts for the organization | yes | yes | yes | yes |
| an algorithm of the owner, called by anyone | no | yes | yes | no |
| a stranger, or an algorithm of another called by a stranger | no | no | yes | no |
| nobody, without a key | no | no | yes | no |

A call acts for its caller: an algorithm of anyone may do with the caller's data what the caller may.
"""

import uuid
from dataclasses import dataclass

from marketplace.accounts.models import User
from marketplace.datasets.models import Directory, Read
from marketplace.errors import MarketplaceError, NotFound, PermissionDenied
from marketplace.organizations.models import ApiKey, Organization


@dataclass(frozen=True)
class Actor:
    """Whom a request acts for."""

    organization: Organization
    user: User
    algorithm: str | None = None
    """`owner/name` of the algorithm that asks; None outside calls."""
    root_id: str | None = None
    """The first call of the tree that it runs in."""
    key: ApiKey | None = None
    """The key that it came with, or that the first call came with; it may be allowed less than its organization."""

    @property
    def author(self) -> str | None:
        """The owner of the algorithm, lower case."""
        return self.algorithm.partition("/")[0].lower() if self.algorithm else None

    def acts_for(self, organization_id: uuid.UUID) -> bool:
        """Whether the organization is the one that it acts for."""
        return self.organization.id == organization_id


def readable_by(actor: Actor | None, owner: Organization) -> list[Read]:
    """What the owner's directories must be for the actor to read them."""
    if actor is None:
        return [Read.PUBLIC]
    if actor.acts_for(owner.id):
        return list(Read)
    if actor.author == owner.slug.lower():
        return [Read.PUBLIC, Read.MY_ALGORITHMS]
    return [Read.PUBLIC]


def check_can_read(actor: Actor | None, directory: Directory) -> None:
    """Raises NotFound: what they may not read, they may not know of."""
    if directory.read not in readable_by(actor, directory.organization):
        raise path_not_found()


def check_can_write(actor: Actor | None, directory: Directory) -> None:
    """Raises NotFound, or PermissionDenied to those who may read."""
    if actor is None or not actor.acts_for(directory.organization_id):
        check_can_read(actor, directory)
        raise only_the_owner(directory.organization)


def only_the_owner(owner: Organization) -> MarketplaceError:
    """For those who may read."""
    return PermissionDenied(f"Only {owner.slug} may write here.")


def path_not_found() -> NotFound:
    """Published clients know the words."""
    return NotFound("path not found")
