"""A catalogue as real people would write it: 129 tasks in 45 domains, each solved by many in many ways.

Deterministic: the same number makes the same catalogue.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from marketplace.algorithms.models import Algorithm
from marketplace.organizations.models import Organization
from tests.benchmarks.catalogue_rows import BATCH, START, insert_owners, insert_versions

TASKS = Path(__file__).with_name("tasks.txt")
SEED = 20_261_126
OWNERS = 800
WAYS = [
    "fast", "tiny", "large", "deep", "robust", "mobile", "batch", "live", "pro", "lite", "multi", "smart", "open", "v2",
    "fine_tuned", "quantized", "transformer", "convnet", "classic", "bayes", "ensemble", "gpu", "streaming", "plus",
]  # fmt: skip
USES = [
    "Made for online shops.", "Runs on a small machine.", "Trained on public data.", "Works on any size.",
    "Answers in a few milliseconds.", "Used in production since 2019.", "Gives a confidence with each answer.",
    "Handles many languages.", "Takes a URL or a file.", "No data is kept.",
]  # fmt: skip
ENVIRONMENTS = ["python3", "python3", "python3", "javascript", "r", "java", "go", "rust", "ruby"]


@dataclass(frozen=True)
class Task:
    """What some algorithms are for. The first of `names` is the task's own."""

    domain: str
    tags: list[str]
    names: list[str]
    summary: str


def read_tasks() -> list[Task]:
    """All of tasks.txt."""
    lines = [line for line in TASKS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    fields = ([field.strip() for field in line.split("|")] for line in lines)
    return [Task(domain, tags.split(", "), names.split(", "), summary) for domain, tags, names, summary in fields]


def insert_realistic_catalogue(algorithms: int) -> dict[str, str]:
    """Public algorithms with one version each; the task's own name of each, by `owner/name`."""
    chance = random.Random(SEED)
    tasks = read_tasks()
    owners = insert_owners(min(OWNERS, algorithms))
    rows = [_make_row(number, tasks, owners, chance) for number in range(algorithms)]
    Algorithm.objects.bulk_create(rows, batch_size=BATCH)
    for start in range(0, algorithms, BATCH):
        insert_versions(rows[start : start + BATCH], 1)
    return {row.full_name: tasks[number % len(tasks)].names[0] for number, row in enumerate(rows)}


def _make_row(number: int, tasks: list[Task], owners: list[Organization], chance: random.Random) -> Algorithm:
    task = tasks[number % len(tasks)]
    ways = chance.sample(WAYS, 2)
    round_of_tasks = number // len(tasks)
    name = chance.choice(task.names)
    if round_of_tasks:
        name = "_".join(chance.sample([name, *ways[: 1 + number % 2]], 2 + number % 2))
    others = chance.sample(tasks, 2)
    return Algorithm(
        organization=owners[chance.randrange(len(owners))],
        name=f"{name}_{round_of_tasks}" if round_of_tasks > 8 else name,
        summary=f"{task.summary} {chance.choice(USES)}",
        readme=_write_readme(task, name, ways, others, chance),
        tags=[*task.tags, *chance.sample([task.domain.replace(" ", "-"), "ai", "api"], 1)],
        environment=chance.choice(ENVIRONMENTS),
        public=True,
        created_at=START,
        updated_at=START + timedelta(seconds=chance.randrange(20_000_000)),
    )


def _write_readme(task: Task, name: str, ways: list[str], others: list[Task], chance: random.Random) -> str:
    """As authors write: the promise, how to call it, and what goes well with it, which is about something else."""
    uses = " ".join(chance.sample(USES, 3))
    related = "\n".join(f"- `{other.names[0]}`: {other.summary}" for other in others)
    return (
        f"# {name.replace('_', ' ').title()}\n\n{task.summary} {uses}\n\n## Input\n\nText, a number or an image, "
        f"as JSON.\n\n## Method\n\nA {ways[0]} model with {ways[1]} preprocessing.\n\n## Goes well with\n\n{related}\n"
    )
