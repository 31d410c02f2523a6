"""What a visitor of the store asked for: the parameters of its first page, made safe. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args
from urllib.parse import urlencode

from execution.environments import list_available, load_environments
from marketplace.algorithms.search import LONGEST_QUERY_CHARACTERS

Sort = Literal["popular", "relevant", "new", "name"]
LONGEST_TAG_CHARACTERS = 32
VERSION_OR_RUNTIME = re.compile(r" (?:[\d.]+|\(.*\))$")
"""What an environment's name says beside its language: `Python 3`, `JavaScript (Node.js)`."""


@dataclass(frozen=True)
class Filters:
    """What to list. Anything unknown in an address counts as not said."""

    SORT_NAMES: ClassVar[dict[Sort, str]] = {
        "popular": "Most called",
        "relevant": "Best match",
        "new": "Latest change",
        "name": "Name",
    }

    query: str = ""
    tag: str = ""
    language: str = ""
    chosen_sort: Sort | None = None
    page: str = ""

    @property
    def default_sort(self) -> Sort:
        """What fits the words best, or without words what is called most."""
        return "relevant" if self.query else "popular"

    @property
    def sort(self) -> Sort:
        """As chosen, if it can be."""
        return self.chosen_sort if self.chosen_sort in dict(self.sorts) else self.default_sort

    @property
    def sorts(self) -> list[tuple[Sort, str]]:
        """What can be chosen: the best match is one of words."""
        return [(sort, name) for sort, name in self.SORT_NAMES.items() if sort != "relevant" or self.query]

    @property
    def narrow(self) -> bool:
        """Whether anything but the order was asked for."""
        return bool(self.query or self.tag or self.language)

    @property
    def environments(self) -> list[str]:
        """The environments of the language."""
        return [found.id for found in load_environments() if found.language == self.language]

    @property
    def address(self) -> str:
        """The shortest address that asks for the same."""
        said = {
            "q": self.query,
            "tag": self.tag,
            "language": self.language,
            "sort": self.sort if self.sort != self.default_sort else "",
        }
        return "/?" + urlencode({name: value for name, value in said.items() if value}) if any(said.values()) else "/"


def read_filters(parameters: Mapping[str, str]) -> Filters:
    """From the parameters of a request."""
    language = parameters.get("language", "")
    sort = parameters.get("sort", "")
    return Filters(
        query=_clean(parameters.get("q", ""), LONGEST_QUERY_CHARACTERS),
        tag=_clean(parameters.get("tag", ""), LONGEST_TAG_CHARACTERS).lower(),
        language=language if language in language_names() else "",
        chosen_sort=next((known for known in get_args(Sort) if known == sort), None),
        page=_clean(parameters.get("page", ""), 9),
    )


def language_names() -> dict[str, str]:
    """The languages that algorithms may be written in here, by id: their names, in the order of these."""
    names = {found.language: VERSION_OR_RUNTIME.sub("", found.display_name) for found in list_available()}
    return dict(sorted(names.items(), key=lambda named: named[1].lower()))


def _clean(text: str, longest: int) -> str:
    return text.replace("\x00", "").strip()[:longest]
