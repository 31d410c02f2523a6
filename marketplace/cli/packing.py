"""Packs a folder so that the same files always give the same archive.

Left out: what tools leave behind (ALWAYS_LEFT_OUT), then what .gitignore names, then what .agoraignore names, in
git's syntax; a later rule wins, so `!model.bin` in .agoraignore brings back a file that .gitignore leaves out.
"""

import gzip
import hashlib
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import click
from pathspec import GitIgnoreSpec

ALWAYS_LEFT_OUT = [
    ".git/",
    ".hg/",
    ".svn/",
    "node_modules/",
    ".packages/",
    "__pycache__/",
    "*.pyc",
    ".venv/",
    "venv/",
    ".env",
    ".mypy_cache/",
    ".ruff_cache/",
    ".pytest_cache/",
    ".ipynb_checkpoints/",
    ".DS_Store",
    "Thumbs.db",
    "*.swp",
]
IGNORE_FILES = (".gitignore", ".agoraignore")
MOST_FILES = 10_000
MOST_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Packed:
    """A source archive; `source_hash` is its SHA-256, hex."""

    path: Path
    source_hash: str
    files: int


def pack_folder(folder: Path, path: Path) -> Packed:
    """Writes `folder` as a .tar.gz to `path`. Raises click.ClickException for what cannot be published."""
    names = list(_names_to_pack(folder))
    _check_size(folder, names)
    with (
        path.open("wb") as file,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        for name in names:
            _add(tar, folder, name)
    with path.open("rb") as file:
        return Packed(path, _hash_of(file), len(names))


def _hash_of(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()


def _names_to_pack(folder: Path) -> Iterator[str]:
    """Files and links, relative to `folder`, sorted."""
    yield from sorted(_walk(folder, "", (("", GitIgnoreSpec.from_lines(ALWAYS_LEFT_OUT)),)))


Rules = tuple[tuple[str, GitIgnoreSpec], ...]
"""Ignore rules, each with the folder that they are relative to, the nearest last."""


def _walk(folder: Path, prefix: str, rules: Rules) -> Iterator[str]:
    here = folder / prefix
    lines = [line for name in IGNORE_FILES for line in _lines_of(here / name)]
    if lines:
        rules = (*rules, (prefix, GitIgnoreSpec.from_lines(lines)))
    for entry in os.scandir(here):
        name = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            if not _is_left_out(f"{name}/", rules):
                yield from _walk(folder, f"{name}/", rules)
        elif (entry.is_symlink() or entry.is_file()) and not _is_left_out(name, rules):
            yield name


def _lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []


def _is_left_out(name: str, rules: Rules) -> bool:
    """The nearest rule that says anything about `name` decides."""
    for base, spec in reversed(rules):
        said = spec.check_file(name.removeprefix(base)).include
        if said is not None:
            return said
    return False


def _check_size(folder: Path, names: list[str]) -> None:
    if len(names) > MOST_FILES:
        raise click.ClickException(
            f"{folder} has {len(names):,} files, and {MOST_FILES:,} may be published: name the rest in .agoraignore."
        )
    size = sum((folder / name).lstat().st_size for name in names)
    if size > MOST_BYTES:
        raise click.ClickException(
            f"{folder} holds {size // 2**20} MiB, and {MOST_BYTES // 2**20} MiB may be published: "
            "name what a call does not need in .agoraignore."
        )


def _add(tar: tarfile.TarFile, folder: Path, name: str) -> None:
    path = folder / name
    member = tarfile.TarInfo(name)  # owner, group and time are 0 unless set
    if path.is_symlink():
        _check_link(folder, path)
        member.type, member.mode = tarfile.SYMTYPE, 0o777
        member.linkname = os.readlink(path)  # noqa: PTH115 - the text itself, as tar keeps it
        tar.addfile(member)
    else:
        member.mode = 0o755 if os.access(path, os.X_OK) else 0o644
        with path.open("rb") as content:
            member.size = os.fstat(content.fileno()).st_size
            tar.addfile(member, content)


def _check_link(folder: Path, path: Path) -> None:
    target = Path(os.readlink(path))  # noqa: PTH115 - whether the text itself is absolute matters
    if target.is_absolute() or not path.resolve().is_relative_to(folder.resolve()):
        name = path.relative_to(folder)
        raise click.ClickException(f"The link {name} leads out of the folder: replace it by the file, or ignore it.")
