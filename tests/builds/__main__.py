"""Builds each project of tests/builds/projects on a platform, loads it and calls it; prints one line of JSON.

Then builds it again: later, in another folder, with nothing kept of what was downloaded. A language whose artifact is
another one then is `differing`, which is a failure. Arguments are languages: none is all. A language whose toolchain
this machine lacks is missing, and no failure. The exit code is 1 when one fails.
"""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from execution.environments import find_environment, load_environments
from tests.builds.author import Author, author_of_a_platform
from tests.builds.vendored import vendored_files

PROJECTS = Path(__file__).with_name("projects")
OURS = "project.toml"
"""What a project is called with, and answers: pairs, as `calls`; and what it brings along, as `vendored`."""
LAST_LINES = 15


def main(languages: list[str]) -> int:
    """Builds them; the exit code."""
    known = [environment.id for environment in load_environments() if environment.id != "binary"]
    wanted = languages or known
    outcomes: dict[str, list[str]] = {"passed": [], "failed": [], "differing": [], "missing": []}
    with author_of_a_platform(AGORA_BUILDS_AT_ONCE="3") as author:
        for language in wanted:
            outcome = _outcome_of(author, language)
            outcomes[outcome].append(language)
            print(f"{language}: {outcome}", file=sys.stderr, flush=True)
    print(json.dumps({outcome: sorted(names) for outcome, names in outcomes.items()}), flush=True)
    return 1 if outcomes["failed"] or outcomes["differing"] else 0


def _outcome_of(author: Author, language: str) -> str:
    environment = find_environment(language)
    folder = PROJECTS / language
    if environment is None or environment.find_toolchain() is None or not folder.is_dir():
        return "missing"
    project = tomllib.loads((folder / OURS).read_text("utf-8"))
    files = _files_of(folder, project.get("vendored", []))
    author.create(f"project_{language}", language)
    try:
        first = _build(author, language, files)
        _call(author, language, first, project["calls"])
        author.forget_packages()
        again = _build(author, language, files)
    except AssertionError as error:
        print(f"{language}: {error}", file=sys.stderr, flush=True)
        return "failed"
    name = f"project_{language}"
    artifacts = [author.supply_chain(name, version)["artifact"] for version in (first, again)]
    return "passed" if artifacts[0] == artifacts[1] else "differing"


def _build(author: Author, language: str, files: Mapping[str, str | bytes]) -> str:
    """The version that it becomes. Raises AssertionError with the end of the log."""
    name = f"project_{language}"
    build = author.upload(name, files, {"entry": _entry_of(language)})
    found = author.wait(name, build)
    lines = author.log(name, build).splitlines()[-LAST_LINES:]
    assert found["state"] == "succeeded", "\n".join([found["failure"], *lines])
    return author.publish(name, build)


def _call(author: Author, language: str, version: str, calls: Sequence[tuple[Any, Any]]) -> None:
    """Raises AssertionError with what was answered instead."""
    answers = [(author.call(f"project_{language}", version, value), expected) for value, expected in calls]
    assert all(answer == expected for answer, expected in answers), f"answered {answers}"


def _entry_of(language: str) -> str:
    environment = find_environment(language)
    assert environment is not None, language
    return environment.default_entry("project")


def _files_of(folder: Path, vendored: Sequence[Mapping[str, Any]]) -> dict[str, str | bytes]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != OURS)
    files: dict[str, str | bytes] = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}
    for wanted in vendored:
        files |= vendored_files(wanted)
    return files


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
