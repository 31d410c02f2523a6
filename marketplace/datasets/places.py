"""Where an address leads: whose it is, and which directory it means. `.my`, `.session` and `.algo` end here."""

import re
from dataclasses import dataclass, replace

from marketplace.datasets.addresses import join_path
from marketplace.datasets.models import DefaultCollection, Kind
from marketplace.datasets.permissions import Actor, path_not_found
from marketplace.errors import InvalidInput
from marketplace.organizations.key_permissions import check_can_reach_data, check_can_read_data, check_can_write_data
from marketplace.organizations.models import Organization

WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
ALGORITHM_KINDS = {"temp": Kind.TEMPORARY, "perm": Kind.PERMANENT}
HIDDEN = frozenset({".algo", ".session", ".my"})
"""No collection has these names."""


@dataclass(frozen=True)
class Place:
    """A file or a directory, which may be missing. Without names: the owner's root, or one that always is there."""

    organization: Organization
    names: tuple[str, ...]
    kind: Kind = Kind.COLLECTION
    base: str = ""
    """The path of the directory that always is there, for every kind but collections."""

    @property
    def path(self) -> str:
        """As in Directory.path; empty for the owner's root. Raises InvalidInput."""
        return join_path(self.base, *self.names)

    @property
    def parent(self) -> "Place":
        """What it lies in. Raises InvalidInput where there is nothing above."""
        if not self.names:
            raise InvalidInput("path", "This is no file: name one, as in owner/collection/file.")
        return replace(self, names=self.names[:-1])

    @property
    def name(self) -> str:
        """Its last name."""
        return self.names[-1]

    @property
    def uri(self) -> str:
        """How to ask for it again."""
        base = ".session" if self.kind == Kind.SESSION else self.base or self.organization.slug
        return "data://" + "/".join((base, *self.names))

    def child(self, name: str) -> "Place":
        """What has that name in it."""
        return replace(self, names=(*self.names, name))


def find_place(actor: Actor | None, names: tuple[str, ...], *, to_write: bool = False) -> Place:
    """Raises NotFound, InvalidInput, and PermissionDenied where the actor's key is not made for data."""
    place = _find(actor, names)
    if actor is not None and actor.key is not None and not _is_own(actor, place):
        check_can_read_data(actor.key)
        check_can_reach_data(actor.key, "/".join(filter(None, (place.organization.slug, place.base, *place.names))))
        if to_write:
            check_can_write_data(actor.key)
    return place


def _is_own(actor: Actor, place: Place) -> bool:
    """Whether it is the asking algorithm's own for its caller, or its tree's: what no key of the caller's bounds."""
    if actor.algorithm is None:
        return False
    return place.kind == Kind.SESSION or place.base.startswith(f".algo/{actor.algorithm.lower()}/")


def _find(actor: Actor | None, names: tuple[str, ...]) -> Place:
    first, rest = names[0], names[1:]
    match first:
        case ".my":
            return Place(_caller(actor).organization, _check_not_hidden(rest))
        case ".session":
            return _find_session(_caller(actor), rest)
        case ".algo":
            return _find_algorithm_place(_caller(actor), rest)
    owner = Organization.objects.filter(slug__iexact=first).first() if WORD.fullmatch(first) else None
    if owner is None:
        raise path_not_found()
    return Place(owner, _check_not_hidden(rest))


def _caller(actor: Actor | None) -> Actor:
    if actor is None:
        raise path_not_found()
    return actor


def _check_not_hidden(names: tuple[str, ...]) -> tuple[str, ...]:
    if names and names[0] in HIDDEN:
        raise path_not_found()
    return names


def _find_session(actor: Actor, names: tuple[str, ...]) -> Place:
    if actor.root_id is None:
        raise InvalidInput("path", "data://.session is there for algorithms, while a call runs.")
    return Place(actor.organization, names, Kind.SESSION, f".session/{actor.root_id}")


def _find_algorithm_place(actor: Actor, names: tuple[str, ...]) -> Place:
    if names and names[0] in {*ALGORITHM_KINDS, "default"}:
        if actor.algorithm is None:
            raise InvalidInput("path", "Outside an algorithm, name it: data://.algo/owner/name/temp.")
        if names[0] == "default":
            return _find_default(actor.algorithm, names[1:])
        names = (*actor.algorithm.split("/"), *names)
    match names:
        case [owner, name, word, *rest] if word in ALGORITHM_KINDS and WORD.fullmatch(owner) and WORD.fullmatch(name):
            base = f".algo/{owner.lower()}/{name.lower()}/{word}"
            return Place(actor.organization, tuple(rest), ALGORITHM_KINDS[word], base)
    raise path_not_found()


def _find_default(algorithm: str, names: tuple[str, ...]) -> Place:
    rows = DefaultCollection.objects.select_related("directory__organization")
    found = rows.filter(algorithm=algorithm.lower()).first()
    if found is None:
        raise path_not_found()
    return Place(found.directory.organization, (*found.directory.path.split("/"), *names))
