"""Writes docs/reference/languages.md from what was measured."""

import os
from collections.abc import Mapping
from pathlib import Path

from execution.environments import Environment, Manifest
from tests.conformance.measures import Measures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "languages.md"
TITLE = """# Languages

What an algorithm may be written in. `agora init NAME --language LANGUAGE` starts one; the environment goes into
`agora.toml`. An environment is there when its toolchain is: on Debian, these packages.

`make languages` writes this page: each language here has passed every check of `make conformance` on the machine where
it was measured, with isolation and limits on ({processors} processors, {machine}). Times are medians in milliseconds.
"""
COLUMNS = (
    "language", "environment", "version", "dependencies", "whole numbers", "cold, from the warm pool",
    "cold, from nothing", "warm call", "idle slot, MiB",
)  # fmt: skip
NUMBERS = {"exact": "all exact", "64-bit": "exact up to 64 bits", "double": "exact up to 2^53"}
NOTES = """
- *Cold, from the warm pool*: a slot that had booted gets the order to load, loads, and answers its first call.
- *Cold, from nothing*: the same, from the start of the slot's process.
- *Whole numbers* beyond what the language keeps exactly come as the nearest float, or are refused, never changed in
  another way.

| language | what makes a result a stream of chunks | Debian packages |
| --- | --- | --- |
"""


def write_page(measured: Mapping[Environment, Measures]) -> None:
    """Replaces the page."""
    rows = sorted(measured, key=lambda found: found.display_name.lower())
    lines = [f"| {' | '.join(COLUMNS)} |", f"| {' | '.join('---' for _ in COLUMNS)} |"]
    lines += [_row(environment, measured[environment]) for environment in rows]
    more = [_more(environment.manifest) for environment in rows]
    title = TITLE.format(processors=os.cpu_count(), machine=_processor_name())
    PAGE.write_text("\n".join([title, *lines]) + "\n" + NOTES + "\n".join(more) + "\n", encoding="utf-8")


def _row(environment: Environment, measures: Measures) -> str:
    toolchain = environment.find_toolchain()
    assert toolchain is not None, "it was measured"
    manifest = environment.manifest
    cells = (
        environment.display_name, f"`{environment.id}`", toolchain.version,
        _dependencies(manifest),
        NUMBERS[manifest.big_integers], f"{measures.cold_from_pool:.1f}", f"{measures.cold_from_nothing:.0f}",
        f"{measures.warm:.2f}", f"{measures.idle_memory / 2**20:.0f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _more(manifest: Manifest) -> str:
    packages = f"`{' '.join(manifest.debian_packages)}`" if manifest.debian_packages else "-"
    return (
        f"| {manifest.display_name} | {manifest.streams or 'nothing: the language has no idiom for it'} | {packages} |"
    )


def _dependencies(manifest: Manifest) -> str:
    """How libraries come in."""
    if manifest.dependency_file and manifest.builder not in {"scripts", "r"}:
        return f"`{manifest.dependency_file}`"
    return "installed on the platform" if manifest.builder == "r" else "with the source"


def _processor_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "processor unknown"
