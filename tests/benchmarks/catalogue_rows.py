"""The rows of a large catalogue, made in bulk. Words are drawn as in real texts: few are common, most are rare."""

import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate

from billing.pricing.models import Price
from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Build, BuildState, Version
from marketplace.organizations.models import ApiKey, Membership, Organization, Role

START = datetime(2026, 1, 1, tzinfo=UTC)
SYLLABLES = ["ba", "co", "di", "fe", "gu", "ha", "ki", "lo", "ma", "ne", "po", "ra", "si", "to", "ve", "za"]
TOPICS = [
    *("image", "text", "classifier", "audio", "video", "language", "score", "face", "color", "sentiment"),
    *("translate", "summary", "price", "route", "weather", "music", "graph", "cluster", "forecast", "anomaly"),
    *("keyword", "entity", "topic", "resize", "compress", "convert", "extract", "align", "predict", "rank"),
]
"""What algorithms are about: each is about three, and the first ones are the most common."""
VOCABULARY = 6_000
TAGS = ["image", "text", "audio", "video", "nlp", "vision", "time-series", "statistics", "ocr", "speech"]
README_WORDS = 150
BATCH = 1_000


class Writer:
    """Draws words: the first ones often, the last ones hardly ever."""

    def __init__(self) -> None:
        made = {"".join(random.choices(SYLLABLES, k=random.randint(2, 4))) for _ in range(VOCABULARY)}
        self._words = sorted(made)

    def words(self, count: int) -> list[str]:
        """Three topics, and words of any kind."""
        return _draw(TOPICS, 3) + _draw(self._words, count)


def _draw(words: list[str], count: int) -> list[str]:
    weights = list(accumulate(1 / (rank + 3) for rank in range(len(words))))
    return random.choices(words, cum_weights=weights, k=count)


def insert_catalogue(algorithms: int, versions_each: int, owners: int, *, rare_word: str) -> None:
    """`algorithms` public algorithms of `owners` organizations; three have the rare word."""
    organizations = insert_owners(owners)
    writer = Writer()
    rows = [_algorithm(number, organizations, writer) for number in range(algorithms)]
    for row in random.sample(rows, 3):
        row.summary = f"Counts every {rare_word} in a picture."
        row.tags = [*row.tags, rare_word]
    Algorithm.objects.bulk_create(rows, batch_size=BATCH)
    for start in range(0, algorithms, BATCH):
        insert_versions(rows[start : start + BATCH], versions_each)


def insert_owners(count: int) -> list[Organization]:
    """That many people with their personal organizations."""
    people = User.objects.bulk_create(
        User(username=f"owner{number}", email=f"owner{number}@example.com") for number in range(count)
    )
    organizations = Organization.objects.bulk_create(
        Organization(slug=user.username, name=user.username.title(), personal=True, created_at=START) for user in people
    )
    pairs = list(zip(organizations, people, strict=True))
    Membership.objects.bulk_create(
        Membership(organization=organization, user=user, role=Role.OWNER, created_at=START)
        for organization, user in pairs
    )
    ApiKey.objects.bulk_create(
        ApiKey(
            organization=organization,
            created_by=user,
            name="benchmark",
            prefix="sim",
            key_hash=f"{number:064x}",
            created_at=START,
        )
        for number, (organization, user) in enumerate(pairs)
    )
    return organizations


def _algorithm(number: int, organizations: list[Organization], writer: Writer) -> Algorithm:
    words = writer.words(README_WORDS)
    changed_at = START + timedelta(seconds=random.randrange(20_000_000))
    return Algorithm(
        organization=organizations[number % len(organizations)],
        name=f"{words[0]}_{words[3]}_{number}",
        summary=" ".join(words[:9]).capitalize() + ".",
        readme=f"# {words[0]}\n\n" + " ".join(words),
        tags=random.sample(TAGS, 2),
        environment=random.choice(["python3", "javascript"]),
        public=True,
        created_at=START,
        updated_at=changed_at,
    )


def insert_versions(algorithms: list[Algorithm], each: int) -> None:
    """So many versions of each, with prices."""
    author = User.objects.order_by("pk")[0]
    builds = Build.objects.bulk_create(
        (_build(algorithm, author) for algorithm in algorithms for _ in range(each)), batch_size=BATCH
    )
    versions = Version.objects.bulk_create(
        (_version(build, number % each + 1, author) for number, build in enumerate(builds)), batch_size=BATCH
    )
    Price.objects.bulk_create(
        (
            Price(version_id=version.id, compute_per_second=1_000_000, royalty_per_call=5, effective_at=START)
            for version in versions
        ),
        batch_size=BATCH,
    )


def _build(algorithm: Algorithm, author: User) -> Build:
    return Build(
        algorithm=algorithm,
        created_by=author,
        source_hash=f"{random.getrandbits(256):064x}",
        state=BuildState.SUCCEEDED,
        log="Collecting dependencies\n" * 20,
        artifact=f"{random.getrandbits(256):064x}",
        entry=f"src/{algorithm.name}.py",
        settings={},
        created_at=START,
    )


def _version(build: Build, minor: int, author: User) -> Version:
    return Version(
        algorithm=build.algorithm,
        build=build,
        major=0,
        minor=minor,
        revision=0,
        source_hash=build.source_hash,
        artifact=build.artifact,
        entry=build.entry,
        environment=build.algorithm.environment,
        timeout_seconds=300,
        memory_bytes=512 * 2**20,
        network=False,
        calls_others=False,
        release_notes="Better than the one before.",
        sample_input='"text"',
        published_by=author,
        published_at=START + timedelta(days=minor),
    )
