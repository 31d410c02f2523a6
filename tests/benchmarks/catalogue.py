"""How fast the store and the directory are with a catalogue as large as Algorithmia's ever was.

Fills a database of its own with 8,000 algorithms and 40,000 versions, then times what pages, search and the gateways
wait for. Prints one line of JSON; times are milliseconds, the median of several runs unless the name says otherwise.

    python -m tests.benchmarks.catalogue [algorithms]
"""

import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from marketplace.cli.embedded import EmbeddedPostgres, EmbeddedRedis

ALGORITHMS = 8_000
VERSIONS_EACH = 5
OWNERS = 800
REPEATS = 15
COMMON_WORD = "image"
RARE_WORD = "pangolin"
QUERIES = {
    "search_common_word": COMMON_WORD,
    "search_two_words": "image classifier",
    "search_rare_word": RARE_WORD,
    "search_typo": "pangoln",
    "search_typo_of_common_word": "imgae clasifier",
    "search_nothing": "qqqqzzzz",
    "search_owner": "owner17/",
}


@contextmanager
def databases(*, durable: bool = True) -> Iterator[None]:
    """PostgreSQL and Redis as in production, for as long as the benchmark takes; not durable, they fill faster."""
    with tempfile.TemporaryDirectory(prefix="agora-catalogue-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = EmbeddedPostgres(folder / "postgres", durable=durable)
        server = EmbeddedRedis(socket=folder / "redis.sock", folder=folder / "redis" if durable else None)
        try:
            postgres.start()
            server.start()
            os.environ["DATABASE_URL"] = postgres.url("agora")
            os.environ["REDIS_URL"] = f"unix://{folder}/redis.sock?db=0"
            os.environ["AGORA_HOME"] = str(folder / "home")
            os.environ["AGORA_SECRET_KEY"] = "for-this-benchmark-only-0123456789-0123456789-0123456789"
            os.environ["AGORA_LOG_LEVEL"] = "WARNING"
            os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
            yield
        finally:
            server.stop()
            postgres.stop()


def fill(algorithm_count: int) -> None:
    """Writes the catalogue in bulk: what services would have written one by one."""
    from django.db import connection

    from tests.benchmarks.catalogue_rows import insert_catalogue

    insert_catalogue(algorithm_count, VERSIONS_EACH, OWNERS, rare_word=RARE_WORD)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def median_ms(act: Callable[[], Any], repeats: int = REPEATS) -> float:
    """The median time of `act`, after one run that warms caches."""
    act()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        act()
        times.append((time.perf_counter() - started) * 1e3)
    return round(statistics.median(times), 2)


def measure_store() -> dict[str, float]:
    """What the home page and search wait for: a page of 24 and how many there are."""
    from django.core.cache import cache

    from marketplace.algorithms.models import Algorithm
    from marketplace.algorithms.search import search_algorithms
    from marketplace.algorithms.selectors import count_tags, list_latest_versions
    from marketplace.invocations.selectors import order_by_calls

    def home_page() -> None:
        found = list(order_by_calls(search_algorithms())[:24])
        list_latest_versions(algorithms=found)

    names = Algorithm.objects.order_by("-pk")[:500].values_list("organization__slug", "name")
    cache.set("statistics:places", {f"{owner}/{name}": place for place, (owner, name) in enumerate(names)}, None)
    measured = {
        "home_page": median_ms(home_page),
        "home_page_120": median_ms(lambda: list(order_by_calls(search_algorithms())[2880:2904])),
        "home_count": median_ms(lambda: search_algorithms().count()),
        "home_tags": median_ms(lambda: count_tags(limit=14)),
    }
    for name, words in QUERIES.items():
        measured[name] = median_ms(lambda words=words: list(search_algorithms(query=words)[:24]))
        measured[f"{name}_count"] = median_ms(lambda words=words: search_algorithms(query=words).count())
    return measured


def measure_pages() -> dict[str, float]:
    """Whole pages, from request to HTML: what a visitor waits for beside the network."""
    from django.test import Client

    from marketplace.algorithms.models import Algorithm

    visitor = Client(headers={"host": "localhost"})
    algorithm = Algorithm.objects.select_related("organization").order_by("name")[0]
    pages = {
        "page_home": "/",
        "page_home_second": "/?page=2",
        "page_search": f"/?q={COMMON_WORD}",
        "page_search_typo": "/?q=pangoln",
        "page_tag": "/?tag=image",
        "page_owner": f"/owners/{algorithm.organization.slug}",
        "page_algorithm": f"/algorithms/{algorithm.full_name}",
        "page_publish": "/publish",
    }
    return {name: median_ms(lambda address=address: _open(visitor, address)) for name, address in pages.items()}


def _open(visitor: Any, address: str) -> None:
    assert visitor.get(address).status_code == 200


def measure_directory() -> dict[str, float]:
    """What a Redis that lost everything costs, what a refresh costs that finds nothing, and one publication."""
    import redis
    from django.conf import settings

    from marketplace.algorithms.models import Algorithm
    from marketplace.algorithms.publication import publish_algorithms_now
    from marketplace.invocations.services import refresh_directory

    def rebuild() -> None:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.flushdb()
        refresh_directory()

    first = Algorithm.objects.order_by("name").values_list("pk", flat=True)[:1]
    return {
        "directory_rebuild": median_ms(rebuild, repeats=3),
        "directory_refresh_unchanged": median_ms(refresh_directory, repeats=3),
        "publish_one_algorithm": median_ms(lambda: publish_algorithms_now(list(first))),
    }


def main() -> None:
    """Fills, measures, prints."""
    algorithm_count = int(sys.argv[1]) if len(sys.argv) > 1 else ALGORITHMS
    random.seed(20_261_124)
    with databases():
        import django
        from django.core.management import call_command
        from django.db import connection

        django.setup()
        call_command("migrate", verbosity=0, skip_checks=True)
        started = time.perf_counter()
        fill(algorithm_count)
        filled = round(time.perf_counter() - started, 1)
        measured = measure_store() | measure_pages() | measure_directory()
        connection.close()
    counts: dict[str, float] = {
        "algorithms": algorithm_count,
        "versions": algorithm_count * VERSIONS_EACH,
        "fill_seconds": filled,
    }
    print(json.dumps(counts | measured))


if __name__ == "__main__":
    main()
