"""Known vulnerabilities (OSV): taken from a folder that the operator has, and looked up by package and version."""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from pathlib import Path
from typing import Any

from django.db import transaction
from packaging.version import InvalidVersion
from packaging.version import Version as PythonVersion

from marketplace.algorithms.bill_of_materials import Package
from marketplace.algorithms.models import Advisory
from marketplace.batches import in_batches

ECOSYSTEMS = {
    "PyPI": "pypi",
    "npm": "npm",
    "Maven": "maven",
    "crates": "cargo",
    "Go": "golang",
    "RubyGems": "gem",
    "Packagist": "composer",
    "CRAN": "cran",
    "Hex": "hex",
    "Hackage": "hackage",
    "NuGet": "nuget",
}
"""OSV's names, without what follows a dot or a colon, and a package URL's types."""
TAKEN_AT_ONCE = 500
LONGEST_SUMMARY = 300
ZERO, RELEASED = (0, 0, ""), (2, 0, "")
SEVERITIES = ("critical", "high", "medium", "moderate", "low")


@dataclass(frozen=True)
class Finding:
    """A package with a known vulnerability."""

    package: Package
    advisory_id: str
    summary: str
    severity: str
    """In words, as the source says it; empty where it says none."""
    fixed_in: str
    """The first version without it; empty where none is known."""


def import_advisories(folder: Path) -> int:
    """Takes all OSV files (`*.json`, alone or in `*.zip`) below the folder, in place of what was known of them.

    How many rows it made: one for each package of an advisory. Those that were withdrawn are forgotten. Raises OSError.
    """
    taken = 0
    for batch in in_batches(_read_folder(folder), TAKEN_AT_ONCE):
        rows = [row for content in batch for row in _to_rows(content)]
        with transaction.atomic():
            Advisory.objects.filter(advisory_id__in=[str(content.get("id", "")) for content in batch]).delete()
            Advisory.objects.bulk_create(rows)
        taken += len(rows)
    return taken


def find_vulnerabilities(packages: Sequence[Package]) -> list[Finding]:
    """What is known of these packages, in one query: the worst first."""
    by_name: dict[tuple[str, str], list[Package]] = {}
    for package in packages:
        by_name.setdefault((package.type, normalize(package.type, package.name)), []).append(package)
    rows = Advisory.objects.filter(name__in={name for _, name in by_name}, type__in={kind for kind, _ in by_name})
    findings = [
        Finding(package, row.advisory_id, row.summary, row.severity, _find_fix(row.affected, package))
        for row in rows.order_by("advisory_id")
        for package in by_name.get((row.type, row.name), ())
        if is_affected(row.affected, package)
    ]
    return sorted(findings, key=lambda one: (_rank(one.severity), one.package.name, one.advisory_id))


def is_affected(affected: dict[str, Any], package: Package) -> bool:
    """Whether an advisory's `versions` or `ranges` have the version."""
    if package.version in affected.get("versions", ()):
        return True
    return any(_is_in(item, package) for item in affected.get("ranges", ()) if item.get("type") != "GIT")


def normalize(kind: str, name: str) -> str:
    """A name as its index compares it; Maven's `group:artifact` as a package URL has it."""
    if kind == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.replace(":", "/") if kind == "maven" else name


def compare(kind: str, first: str, second: str) -> int:
    """Below, equal to or above 0, as `first` is older, the same or newer."""
    if kind == "pypi":
        try:
            one, other = PythonVersion(first), PythonVersion(second)
        except InvalidVersion:
            pass
        else:
            return (one > other) - (one < other)
    one_key, other_key = _key(first), _key(second)
    return (one_key > other_key) - (one_key < other_key)


def _read_folder(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".json":
            yield from _read(path.read_bytes())
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".json"):
                        yield from _read(archive.read(name))


def _read(content: bytes) -> Iterator[dict[str, Any]]:
    """Nothing for a file that is no advisory."""
    try:
        advisory = json.loads(content)
    except ValueError:
        return
    if isinstance(advisory, dict) and isinstance(advisory.get("id"), str):
        yield advisory


def _to_rows(advisory: dict[str, Any]) -> Iterator[Advisory]:
    if advisory.get("withdrawn"):
        return
    specific = advisory.get("database_specific") or {}
    summary = str(advisory.get("summary") or advisory.get("details") or "")
    for affected in advisory.get("affected", ()):
        package = affected.get("package") or {}
        kind = ECOSYSTEMS.get(re.split("[.:]", str(package.get("ecosystem", "")))[0])
        if kind is not None:
            yield Advisory(
                advisory_id=advisory["id"],
                type=kind,
                name=normalize(kind, str(package.get("name", ""))),
                summary=" ".join(summary.split())[:LONGEST_SUMMARY],
                severity=str(specific.get("severity", "")).lower()[:16],
                affected={"versions": affected.get("versions", []), "ranges": affected.get("ranges", [])},
            )


def _is_in(item: dict[str, Any], package: Package) -> bool:
    """By OSV's own rule: the last event at or before the version decides."""
    inside = False
    events = [(kind, str(at)) for event in item.get("events", ()) for kind, at in event.items() if kind != "limit"]
    for kind, at in sorted(events, key=cmp_to_key(lambda a, b: _compare_events(package.type, a[1], b[1]))):
        order = _compare_events(package.type, package.version, at)
        if kind == "introduced" and order >= 0:
            inside = True
        elif (kind == "fixed" and order >= 0) or (kind == "last_affected" and order > 0):
            inside = False
    return inside


def _compare_events(kind: str, first: str, second: str) -> int:
    """With OSV's "0" before all versions."""
    if "0" in (first, second):
        return (first != "0") - (second != "0")
    return compare(kind, first, second)


def _find_fix(affected: dict[str, Any], package: Package) -> str:
    """The lowest fix above the version."""
    fixes = [
        str(event["fixed"])
        for item in affected.get("ranges", ())
        if item.get("type") != "GIT"
        for event in item.get("events", ())
        if "fixed" in event and compare(package.type, str(event["fixed"]), package.version) > 0
    ]
    return min(fixes, key=cmp_to_key(lambda a, b: compare(package.type, a, b)), default="")


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def _key(version: str) -> tuple[list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    """By semantic versioning, as far as it goes: numbers as numbers, and a pre-release before its release."""
    core, _, pre = version.removeprefix("v").partition("+")[0].partition("-")
    numbers = _parts(core, words=-1)
    while numbers and numbers[-1] == ZERO:
        numbers.pop()
    return [*numbers, ZERO], _parts(pre, words=1) if pre else [RELEASED]


def _parts(text: str, *, words: int) -> list[tuple[int, int, str]]:
    """`words` below 0 has words before all numbers, above 0 after them."""
    found = re.findall(r"\d+|[A-Za-z]+", text)
    return [(0, int(part), "") if part.isdigit() else (words, 0, part) for part in found]
