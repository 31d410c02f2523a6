"""How long it takes from the upload of a changed source to the new version's first answer, on a warm platform.

Then PUSHES sources at once: all must be built, and those that wait must say at which place. Prints one line of JSON;
the exit code is 1 when a median is above LIMIT_SECONDS, or a build is lost.
"""

import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from tests.builds.author import Author, author_of_a_platform

REPEATS = 7
PUSHES = 20
LIMIT_SECONDS = 3.0
SOURCES: dict[str, dict[str, str]] = {
    "python3": {
        "requirements.txt": "python-slugify==8.0.4\n",
        "src/pushed.py": "from slugify import slugify\n\ndef apply(input):\n    return slugify(input) + '-{number}'\n",
    },
    "javascript": {
        "package.json": '{"name": "pushed", "version": "1.0.0", "dependencies": {"slugify": "1.6.6"}}',
        "src/pushed.js": "const slugify = require('slugify');\n"
        "exports.apply = (input) => slugify(input, {lower: true}) + '-{number}';\n",
    },
}


def main() -> int:
    """Measures; the exit code."""
    with author_of_a_platform() as author:
        medians = {language: _measure(author, language) for language in SOURCES}
        crowd = _push_many(author)
    load = round(psutil.getloadavg()[0], 1)
    print(json.dumps({"push_to_answer_seconds": medians, **crowd, "load_of_the_machine": load}), flush=True)
    slow = max(median for one in medians.values() for median in [one["median"]]) > LIMIT_SECONDS
    return 1 if slow or crowd["lost"] else 0


def _measure(author: Author, language: str) -> dict[str, float]:
    name = f"pushed_{language}"
    author.create(name, language)
    times = [_push(author, name, language, number) for number in range(REPEATS + 1)]
    later = times[1:]  # the first one downloads
    return {"first": round(times[0], 2), "median": round(statistics.median(later), 2), "slowest": round(max(later), 2)}


def _push(author: Author, name: str, language: str, number: int) -> float:
    began = time.monotonic()
    build = author.upload(name, _source(language, number), {"entry": _entry(language)})
    found = author.wait(name, build)
    assert found["state"] == "succeeded", (found, author.log(name, build))
    answer = author.call(name, author.publish(name, build), "Hello World")
    assert answer == f"hello-world-{number}", answer
    return time.monotonic() - began


def _push_many(author: Author) -> dict[str, Any]:
    began = time.monotonic()
    language = "python3"
    name = f"pushed_{language}"

    def push(number: int) -> tuple[str, int]:
        build = author.upload(name, _source(language, 1000 + number), {"entry": _entry(language)})
        return build, author.build(name, build)["place"]

    with ThreadPoolExecutor(PUSHES) as pushers:
        builds, places = zip(*pushers.map(push, range(PUSHES)), strict=True)
    ends = [author.wait(name, build)["state"] for build in builds]
    return {
        "pushed_at_once": PUSHES,
        "lost": PUSHES - ends.count("succeeded"),
        "last_place_shown": max(places),
        "all_built_seconds": round(time.monotonic() - began, 1),
    }


def _entry(language: str) -> str:
    return next(name for name in SOURCES[language] if name.startswith("src/"))


def _source(language: str, number: int) -> dict[str, str]:
    return {name: text.replace("{number}", str(number)) for name, text in SOURCES[language].items()}


if __name__ == "__main__":
    sys.exit(main())
