"""What an author should do about what their language's tool said last."""

import re
from collections import deque
from collections.abc import Iterable

from execution.builds.base import Log

LINES = 60
"""So many of the last ones are looked at."""
# The first that is found anywhere wins: those that say most stand first. {0} is what the pattern's group has found.
HINTS = tuple(
    (re.compile(pattern), hint)
    for pattern, hint in (
        (r"no version of ([\w.-]+)==", "There is no such version of {0}: choose one of those on PyPI."),
        (r"([\w.-]+) was not found in the package registry", "There is no package {0} on PyPI: mend its name."),
        (r"([\w.-]+)==\S+ has no wheels with", "{0} has no wheel for this Python: choose another version of it."),
        (r"No solution found", "The requirements contradict each other: loosen one of them."),
        (r"npm (?:error|ERR!) 404 +'([^'@]+)", "There is no package {0} on npm: mend its name in package.json."),
        (r"No matching version found for (\S+?)\.?$", "There is no {0} on npm: choose a version that there is."),
        (r"`npm ci` can only install", "package-lock.json is another package.json's: run `npm install` and send both."),
        (r"error TS2307: Cannot find module '([^'.]+)'", "Add {0} to the dependencies in package.json."),
        (r"Could not find artifact (\S+)", "There is no {0} in Maven Central: mend groupId, artifactId or version."),
        (r"no matching package named `(\S+)` found", "There is no crate {0}: mend its name in Cargo.toml."),
        (r"failed to select a version for.*`(\S+)", "No version of {0} fits: choose one that there is."),
        (r"unresolved import `(\w+)", "Name the crate that has {0} under [dependencies] in Cargo.toml."),
        (r"no required module provides package (\S+?)[;:]", "Run `go get {0}`, and send go.mod and go.sum."),
        (r"missing go.sum entry", "Run `go mod tidy`, and send go.mod and go.sum."),
        (r"unknown revision (\S+)", "There is no version {0} of this module: choose another one in go.mod."),
        (r"package ([\w.]+) does not exist", "Name the artifact that has {0} in pom.xml, or mend the import."),
        (r"fatal error: (\S+): No such file", "Put {0} into the source: a build sees the system's headers and yours."),
        (r"(?:can't|cannot|could not) (?:find|load) .*module [`']?([\w.:]+)", "Put {0} into the source, in vendor/."),
        (r"(?:name resolution|Network is unreachable|Could not resolve host)",
         "Programs of the source have no network while it is built: put what they fetch into the source."),
        (r"No space left on device", "The build has filled its disk: have it write less."),
    )
)  # fmt: skip


class Tail:
    """Takes a build's lines, hands them on, and remembers the last ones."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._lines: deque[str] = deque(maxlen=LINES)

    def __call__(self, line: str) -> None:
        self._lines.append(line)
        self._log(line)

    def find_hint(self) -> str:
        """What to do about it, or nothing."""
        return find_hint(self._lines)


def find_hint(lines: Iterable[str]) -> str:
    """What the first hint that fits any of the lines says, or nothing."""
    said = list(lines)
    for pattern, hint in HINTS:
        for line in said:
            if found := pattern.search(line):
                return hint.format(*found.groups())
    return ""
