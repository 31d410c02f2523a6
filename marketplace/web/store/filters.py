"""What a visitor of the store asked for: the parameters of its first page, made safe. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args
from urllib.parse import urlencode

from billing.api import CREDIT
from execution.environments import Environment, list_available, load_environments
from marketplace.algorithms.categories import find_category
from marketplace.algorithms.models import InputKind
from marketplace.algorithms.search import LONGEST_QUERY_CHARACTERS

Sort = Literal["popular", "relevant", "rising", "loved", "new", "name"]
LONGEST_TAG_CHARACTERS = 32
LONGEST_OWNER_CHARACTERS = 64
PRICES = {
    "free": ("Free", 0),
    "1": ("Up to 1 credit", CREDIT),
    "10": ("Up to 10 credits", 10 * CREDIT),
    "100": ("Up to 100 credits", 100 * CREDIT),
}
"""What a typical call may cost: a name, and micro-credits."""
COMPUTE = {"cpu": "CPU", "gpu": "GPU"}
"""What an algorithm runs on."""
VERSION_OR_RUNTIME = re.compile(r" (?:[\d.]+|\(.*\))$")
"""What an environment's name says beside its language: `Python 3`, `JavaScript (Node.js)`."""


@dataclass(frozen=True)
class Filters:
    """What to list. Anything unknown in an address counts as not said."""

    SORT_NAMES: ClassVar[dict[Sort, str]] = {
        "popular": "Most called",
        "relevant": "Best match",
        "rising": "Trending",
        "loved": "Most stars",
        "new": "Latest change",
        "name": "Name",
    }

    query: str = ""
    tag: str = ""
    language: str = ""
    category: str = ""
    price: str = ""
    input: str = ""
    owner: str = ""
    featured: str = ""
    """`yes` for what those who run the platform put first."""
    compute: str = ""
    """`cpu` or `gpu`."""
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
        return any(self._narrowing().values())

    @property
    def environments(self) -> list[str] | None:
        """Those of the language and the hardware that was asked for; None asks for neither."""
        if not (self.language or self.compute):
            return None
        return [found.id for found in load_environments() if self._fits(found)]

    @property
    def address(self) -> str:
        """The shortest address that asks for the same."""
        said = self._narrowing() | {"sort": self.sort if self.sort != self.default_sort else ""}
        return "/?" + urlencode({name: value for name, value in said.items() if value}) if any(said.values()) else "/"

    @property
    def tags_of_category(self) -> tuple[str, ...]:
        """The tags that stand for the category; none when there is no category."""
        found = find_category(self.category)
        return found.tags if found else ()

    @property
    def highest_price(self) -> int | None:
        """Micro-credits of a typical call; None asks for no price."""
        return PRICES[self.price][1] if self.price else None

    @property
    def category_name(self) -> str:
        """As people call it."""
        found = find_category(self.category)
        return found.name if found else ""

    def _fits(self, environment: Environment) -> bool:
        hardware = "gpu" if environment.manifest.gpu_class else "cpu"
        return self.language in ("", environment.language) and self.compute in ("", hardware)

    def _narrowing(self) -> dict[str, str]:
        """What narrows the list, by parameter."""
        return {
            "q": self.query,
            "tag": self.tag,
            "category": self.category,
            "language": self.language,
            "input": self.input,
            "price": self.price,
            "owner": self.owner,
            "featured": self.featured,
            "compute": self.compute,
        }


def read_filters(parameters: Mapping[str, str]) -> Filters:
    """From the parameters of a request."""
    language = parameters.get("language", "")
    sort = parameters.get("sort", "")
    category, price, kind, compute = (parameters.get(name, "") for name in ("category", "price", "input", "compute"))
    return Filters(
        query=_clean(parameters.get("q", ""), LONGEST_QUERY_CHARACTERS),
        tag=_clean(parameters.get("tag", ""), LONGEST_TAG_CHARACTERS).lower(),
        language=language if language in language_names() else "",
        category=category if find_category(category) else "",
        price=price if price in PRICES else "",
        input=kind if kind in InputKind.values else "",
        owner=_clean(parameters.get("owner", ""), LONGEST_OWNER_CHARACTERS),
        featured="yes" if parameters.get("featured") == "yes" else "",
        compute=compute if compute in COMPUTE else "",
        chosen_sort=next((known for known in get_args(Sort) if known == sort), None),
        page=_clean(parameters.get("page", ""), 9),
    )


def language_names() -> dict[str, str]:
    """The languages that algorithms may be written in here, by id: their names, in the order of these."""
    names = {found.language: VERSION_OR_RUNTIME.sub("", found.display_name) for found in list_available()}
    return dict(sorted(names.items(), key=lambda named: named[1].lower()))


def has_gpus() -> bool:
    """Whether algorithms may be written for GPUs here."""
    return any(found.manifest.gpu_class for found in list_available())


def _clean(text: str, longest: int) -> str:
    return text.replace("\x00", "").strip()[:longest]
