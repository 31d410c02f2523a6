"""Numbers of versions, and the ways callers name one. Pure: no database."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol, TypeVar

Bump = Literal["major", "minor", "revision"]
BUMPS: tuple[Bump, ...] = ("major", "minor", "revision")

LATEST_PRIVATE = "latestprivate"
LATEST = frozenset({"latest", LATEST_PRIVATE})
NUMBER_SELECTOR = re.compile(r"(\d{1,9})(?:\.(\d{1,9}|\*|x))?(?:\.(\d{1,9}|\*|x))?")
HASH_SELECTOR = re.compile(r"[0-9a-f]{64}")


class VersionNumber(NamedTuple):
    """`major.minor.revision`; greater is newer."""

    major: int
    minor: int
    revision: int

    def __str__(self) -> str:
        return ".".join(map(str, self))

    @classmethod
    def parse(cls, text: str) -> "VersionNumber":
        """Reads `1.2.3`. Raises ValueError."""
        major, minor, revision = text.split(".")
        return cls(int(major), int(minor), int(revision))


class Published(Protocol):
    """What can be chosen from: a Version, or the directory's VersionEntry."""

    @property
    def number(self) -> str:
        """`major.minor.revision`"""

    @property
    def source_hash(self) -> str:
        """SHA-256, hex."""

    @property
    def rolled_back(self) -> bool:
        """Whether callers who do not name it get an older one."""


PublishedT = TypeVar("PublishedT", bound=Published)


def next_number(highest: VersionNumber | None, bump: Bump) -> VersionNumber:
    """The number after `highest`, which is None before the first version: a first minor one is 0.1.0."""
    major, minor, revision = highest or VersionNumber(0, 0, 0)
    if bump == "major":
        return VersionNumber(major + 1, 0, 0)
    if bump == "minor":
        return VersionNumber(major, minor + 1, 0)
    return VersionNumber(major, minor, revision + 1)


def bump_of(number: VersionNumber) -> Bump:
    """Which bump made this number."""
    if number.revision:
        return "revision"
    return "minor" if number.minor else "major"


def resolve_version(versions: Sequence[PublishedT], selector: str | None) -> PublishedT | None:
    """The version that `selector` names: the newest that fits, or None.

    Nothing, `latest` and `latestPrivate` name the newest; `1.2.3` that one; `1.2`, `1.2.*` and `1.2.x` the newest 1.2;
    `1` the newest 1; 64 hex digits the newest one published from the source with that hash. One that was rolled back
    comes after all others that fit. Case does not matter, and who may ask for `latestPrivate` is decided elsewhere.
    """
    return max(
        list_fitting(versions, selector),
        key=lambda version: (not version.rolled_back, VersionNumber.parse(version.number)),
        default=None,
    )


def resolve_up_to(versions: Sequence[PublishedT], selector: str | None, up_to: str) -> PublishedT | None:
    """Like resolve_version, of those that are not newer than the number `up_to`."""
    bound = VersionNumber.parse(up_to)
    older = [version for version in versions if VersionNumber.parse(version.number) <= bound]
    return resolve_version(older, selector)


def list_fitting(versions: Sequence[PublishedT], selector: str | None) -> Sequence[PublishedT]:
    """Those of the versions that `selector` may mean."""
    selector = (selector or "").lower()
    if not selector or selector in LATEST:
        return versions
    if HASH_SELECTOR.fullmatch(selector):
        return [version for version in versions if version.source_hash == selector]
    wanted = _read_number_selector(selector)
    return [version for version in versions if wanted and VersionNumber.parse(version.number)[: len(wanted)] == wanted]


def is_exact(selector: str) -> bool:
    """Whether it names one version for ever: a whole number, or a hash."""
    return bool(HASH_SELECTOR.fullmatch(selector.lower())) or len(_read_number_selector(selector.lower())) == len(BUMPS)


def _read_number_selector(selector: str) -> tuple[int, ...]:
    match = NUMBER_SELECTOR.fullmatch(selector)
    if match is None:
        return ()
    wanted: list[int] = []
    for part in match.groups():
        if part is None or not part.isdigit():
            break
        wanted.append(int(part))
    return tuple(wanted)
