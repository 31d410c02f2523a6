"""An algorithm in each language that answers its input: the conformance suite's, as a folder that can be published."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from execution.environments import Environment, load_environments

SOURCES = Path(__file__).resolve().parents[1] / "conformance" / "algorithms"
ENTRY_NAME = "conformance"
NOT_A_LANGUAGE = {"binary"}
"""Environments that are as fast as what their author brings."""
MANIFEST = """
name = "{name}"
environment = "{environment}"
entry = "{entry}"
public = true

[limits]
timeout_seconds = {timeout_seconds}
memory_mebibytes = {memory_mebibytes}
"""


def find_languages() -> tuple[list[Environment], list[str]]:
    """Those that this machine has the toolchain of, and the ids of those that it has not."""
    languages = [found for found in load_environments() if found.id not in NOT_A_LANGUAGE]
    here = [found for found in languages if found.find_toolchain() and (SOURCES / found.id).is_dir()]
    return here, [found.id for found in languages if found not in here]


@contextmanager
def echo_folder(environment: Environment, *, timeout_seconds: int = 30, memory_mebibytes: int = 512) -> Iterator[Path]:
    """The folder, for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="agora-echo-") as scratch:
        folder = Path(scratch) / "echo"
        shutil.copytree(SOURCES / environment.id, folder, ignore=shutil.ignore_patterns("expect.toml", "__py*"))
        manifest = MANIFEST.format(
            name=f"echo_{environment.id}",
            environment=environment.id,
            entry=environment.default_entry(ENTRY_NAME),
            timeout_seconds=timeout_seconds,
            memory_mebibytes=memory_mebibytes,
        )
        (folder / "agora.toml").write_text(manifest)
        yield folder
