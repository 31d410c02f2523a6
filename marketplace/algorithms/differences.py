"""What differs between two versions: settings, packages, and, for those who own them, the source."""

import difflib
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.core.files.storage import default_storage

from marketplace.algorithms.bill_of_materials import list_packages
from marketplace.algorithms.blobs import source_name
from marketplace.algorithms.models import Version
from marketplace.algorithms.version_numbers import VersionNumber

SETTINGS = {
    "environment": "Environment",
    "entry": "Entry",
    "timeout_seconds": "Timeout, seconds",
    "memory_bytes": "Memory, bytes",
    "network": "Internet",
    "calls_others": "Calls others",
    "sample_input": "Sample input",
    "input_schema": "Input schema",
    "output_schema": "Output schema",
}
LARGEST_FILE = 200_000
"""Bytes of a file whose lines are compared."""
MOST_FILES = 2_000
MOST_LINES = 2_000
LONGEST_LINE = 500
KEPT_SECONDS = 600


@dataclass(frozen=True)
class Change:
    """Something that is not the same in both; empty where there is none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Differences:
    """What is not the same in `after` as in `before`."""

    before: Version
    after: Version
    settings: list[Change]
    packages: list[Change]
    source: str | None
    """A unified diff; None for those who may not read the source."""


def compare_versions(after: Version, others: Sequence[Version], number: str, *, source: bool) -> Differences | None:
    """With the one of `others` called `number`, or the one before; None for the first one."""
    named = next((each for each in others if each.number == number), None)
    before = named or max(
        (each for each in others if VersionNumber.parse(each.number) < VersionNumber.parse(after.number)),
        key=lambda each: VersionNumber.parse(each.number),
        default=None,
    )
    if before is None:
        return None
    return Differences(
        before,
        after,
        list_changed_settings(before, after),
        list_changed_packages(before, after),
        _compare_sources(before, after) if source else None,
    )


def _compare_sources(before: Version, after: Version) -> str:
    """Made once in some minutes: sources never change, and everybody may ask for what is open."""
    key = f"differences:{before.source_hash}:{after.source_hash}"
    return str(cache.get_or_set(key, lambda: "\n".join(list_changed_lines(before, after)), KEPT_SECONDS))


def list_changed_settings(before: Version, after: Version) -> list[Change]:
    """The settings that differ."""
    pairs = [(label, getattr(before, name), getattr(after, name)) for name, label in SETTINGS.items()]
    return [Change(label, _say(old), _say(new)) for label, old, new in pairs if old != new]


def list_changed_packages(before: Version, after: Version) -> list[Change]:
    """The packages that came, went or have another version, by name."""
    old, new = _versions_of(before), _versions_of(after)
    names = sorted(old.keys() | new.keys())
    return [Change(name, old.get(name, ""), new.get(name, "")) for name in names if old.get(name) != new.get(name)]


def list_changed_lines(before: Version, after: Version) -> list[str]:
    """The sources as a unified diff; of files that are large or no text, only that they differ."""
    if before.source_hash == after.source_hash:
        return []
    old, new = _read_source(before.source_hash), _read_source(after.source_hash)
    lines: list[str] = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            lines += _compare(path, old.get(path), new.get(path))
        if len(lines) > MOST_LINES:
            return [*lines[:MOST_LINES], "… and more"]
    return lines


def _say(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _versions_of(version: Version) -> Mapping[str, str]:
    """By name; of a package that is there in several versions, all of them."""
    found: dict[str, list[str]] = {}
    for package in list_packages(version):
        found.setdefault(package.name, []).append(package.version)
    return {name: ", ".join(versions) for name, versions in found.items()}


def _read_source(source_hash: str) -> dict[str, bytes]:
    """The files of an archive, of large ones their first bytes; nothing when it is no archive or gone."""
    try:
        with default_storage.open(source_name(source_hash)) as stored:
            return dict(_read_files(stored))
    except (tarfile.TarError, EOFError, OSError):
        return {}


def _read_files(stored: object) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=stored, mode="r|gz") as tar:  # type: ignore[call-overload]
        for number, member in enumerate(tar):
            if number >= MOST_FILES:
                return
            content = tar.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name.removeprefix("./"), content.read(LARGEST_FILE + 1)


def _compare(path: str, before: bytes | None, after: bytes | None) -> Iterator[str]:
    texts = [_read_text(content) for content in (before, after)]
    if None in texts:
        yield f"Binary or large file {path} differs"
        return
    old, new = ((text or "").splitlines() for text in texts)
    names = (path if content is not None else "/dev/null" for content in (before, after))
    lines = difflib.unified_diff(old, new, *names, lineterm="")
    yield from (line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…" for line in lines)


def _read_text(content: bytes | None) -> str | None:
    """None for what is no text, or too long."""
    if content is None:
        return ""
    if len(content) > LARGEST_FILE or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None
