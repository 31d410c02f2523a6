"""What the store's first page says of the whole catalogue, counted once a minute by each process of web."""

from dataclasses import dataclass
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Q

from marketplace.algorithms.categories import CATEGORIES
from marketplace.algorithms.models import Version
from marketplace.algorithms.selectors import count_tags, published_algorithms
from marketplace.invocations.selectors import count_calls

KEY = "store:figures"
KEPT_SECONDS = 60
SHOWN = 4
TAGS_SHOWN = 14


@dataclass(frozen=True)
class StoreFigures:
    """Of public algorithms; `calls` are everybody's of the last 30 days."""

    algorithms: int
    versions: int
    calls: int
    categories: dict[str, int]
    """How many algorithms stand on each shelf, by its id; empty ones are left out."""
    tags: list[tuple[str, int]]
    """The most used ones, with how many algorithms carry each."""
    rising: list[UUID]
    loved: list[UUID]


def get_store_figures() -> StoreFigures:
    """At most a minute old."""
    known: StoreFigures | None = cache.get(KEY)
    return known if known is not None else refresh_store_figures()


def refresh_store_figures() -> StoreFigures:
    """Counts everything anew."""
    public = published_algorithms(viewer=None).order_by()
    shelves = {each.id: Count("pk", filter=Q(tags__overlap=list(each.tags))) for each in CATEGORIES}
    counted = public.aggregate(algorithms=Count("pk"), **shelves)
    live = Version.objects.filter(withdrawn_at=None, algorithm__in=public)
    rising = public.filter(standing__rising__gt=0).order_by("-standing__rising")
    loved = public.filter(standing__stars__gt=0).order_by("-standing__stars", "-standing__points")
    figures = StoreFigures(
        algorithms=counted.pop("algorithms"),
        versions=live.count(),
        calls=count_calls(),
        categories={name: count for name, count in counted.items() if count},
        tags=count_tags(limit=TAGS_SHOWN),
        rising=list(rising.values_list("pk", flat=True)[:SHOWN]),
        loved=list(loved.values_list("pk", flat=True)[:SHOWN]),
    )
    cache.set(KEY, figures, KEPT_SECONDS)
    return figures
