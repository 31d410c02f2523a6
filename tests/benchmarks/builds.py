"""How long it takes from a changed source to the new version's first answer, on a warm platform: by `git push` over
HTTPS with a key, and by upload.

Then PUSHES pushes at once, each to a repository of its own: all must answer, and those that wait must say at which
place. Prints one line of JSON; the exit code is 1 when a median is above LIMIT_SECONDS, or a push is lost.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from tests.benchmarks.pushes import PushedClone, Pusher, pusher_of
from tests.builds.author import Author, author_of_a_platform

REPEATS = 10
PUSHES = 20
LIMIT_SECONDS = 3.0
GIVEN, GREETING = "Hello World", "hello-world-{number}"
SOURCES: dict[str, dict[str, str]] = {
    "python3": {
        "requirements.txt": "python-slugify==8.0.4\n",
        "src/program.py": "from slugify import slugify\n\ndef apply(input):\n    return slugify(input) + '-{number}'\n",
    },
    "javascript": {
        "package.json": '{"name": "pushed", "version": "1.0.0", "dependencies": {"slugify": "1.6.6"}}',
        "src/program.js": "const slugify = require('slugify');\n"
        "exports.apply = (input) => slugify(input, {lower: true}) + '-{number}';\n",
    },
}


def main() -> int:
    """Measures; the exit code."""
    with author_of_a_platform() as author, pusher_of(author) as pusher:
        pushed = {language: _measure(_pushing(author, pusher, language)) for language in SOURCES}
        uploaded = {language: _measure(_uploading(author, language)) for language in SOURCES}
        crowd = _push_many(author, pusher)
    load = round(psutil.getloadavg()[0], 1)
    found = {"push_to_answer_seconds": pushed, "upload_to_answer_seconds": uploaded}
    print(json.dumps({**found, **crowd, "load_of_the_machine": load}), flush=True)
    slow = any(one["median"] > LIMIT_SECONDS for kind in found.values() for one in kind.values())
    return 1 if slow or crowd["lost"] else 0


def _measure(bring: Callable[[int], float]) -> dict[str, float]:
    times = [bring(number) for number in range(REPEATS + 1)]
    later = times[1:]  # the first one downloads
    return {"first": round(times[0], 2), "median": round(statistics.median(later), 2), "slowest": round(max(later), 2)}


def _pushing(author: Author, pusher: Pusher, language: str) -> Callable[[int], float]:
    """What pushes the source of a number, and answers how many seconds after that it was the one that answers."""
    name = f"pushed_{language}"
    clone = pusher.clone(name, language, _entry(language))

    def push(number: int) -> float:
        clone.commit(_source(language, number))
        began = time.monotonic()
        clone.push()
        author.wait_for_answer(name, GIVEN, GREETING.format(number=number))
        return time.monotonic() - began

    return push


def _uploading(author: Author, language: str) -> Callable[[int], float]:
    """The same, by an upload that is published when it has been built."""
    name = f"uploaded_{language}"
    author.create(name, language)

    def upload(number: int) -> float:
        began = time.monotonic()
        build = author.upload(name, _source(language, number), {"entry": _entry(language)})
        found = author.wait(name, build)
        assert found["state"] == "succeeded", (found, author.log(name, build))
        answer = author.call(name, author.publish(name, build), GIVEN)
        assert answer == GREETING.format(number=number), answer
        return time.monotonic() - began

    return upload


def _push_many(author: Author, pusher: Pusher) -> dict[str, Any]:
    language = "python3"
    names = [f"crowd_{number}" for number in range(PUSHES)]
    clones = [pusher.clone(name, language, _entry(language)) for name in names]
    for number, clone in enumerate(clones):
        clone.commit(_source(language, 1000 + number))
    began = time.monotonic()

    with ThreadPoolExecutor(PUSHES) as pushers:
        places = list(pushers.map(PushedClone.push, clones))
        accepted = time.monotonic() - began
        answered = list(pushers.map(lambda number: _answers(author, names[number], 1000 + number), range(PUSHES)))
    return {
        "pushed_at_once": PUSHES,
        "lost": answered.count(False),
        "last_place_shown": max(places),
        "all_accepted_seconds": round(accepted, 1),
        "all_answered_seconds": round(time.monotonic() - began, 1),
    }


def _answers(author: Author, name: str, number: int) -> bool:
    try:
        author.wait_for_answer(name, GIVEN, GREETING.format(number=number))
    except TimeoutError as error:
        print(error, file=sys.stderr, flush=True)
        return False
    return True


def _entry(language: str) -> str:
    return next(name for name in SOURCES[language] if name.startswith("src/"))


def _source(language: str, number: int) -> dict[str, str]:
    return {name: text.replace("{number}", str(number)) for name, text in SOURCES[language].items()}


if __name__ == "__main__":
    sys.exit(main())
