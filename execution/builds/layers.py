"""Dependencies that were installed before, for the same package files: kept per owner, named for all they depend on.

What is kept was made without any code of the author's or of a package, and nobody but its owner's builds sees it.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from execution.builds.base import BuildJob
from execution.builds.kept_folders import keep_folder
from execution.builds.packages import Package

FRESH_SECONDS = 24 * 3600
"""So long packages that no lock file fixes stay as they were resolved."""
MOST_LAYERS = 20
"""Per owner; those that were used longest ago go first."""
PACKAGES, RESOLVED = "packages", "resolved.json"


def install_layer(
    job: BuildJob,
    *,
    kind: str,
    files: Iterable[Path],
    locked: bool,
    install: Callable[[], Iterable[Package]],
    copy: Callable[[str, str], object] = shutil.copy2,
) -> None:
    """Has the packages folder be what `install` makes of `files`: from an earlier build, or by calling it.

    Notes what it answers in the job. Without a packages folder afterwards, nothing is kept.
    `copy` may be os.link where no code of the author's runs beside the packages later.
    """
    place = job.owner_cache / "layers" / _name_of(job, kind, files)
    if not (_is_fresh(place, locked) and _reuse(job, place, copy)):
        job.resolved.extend(install())
        if job.packages.is_dir():
            _keep(job, place, copy)


def _name_of(job: BuildJob, kind: str, files: Iterable[Path]) -> str:
    digest = hashlib.sha256(f"{job.environment.id} {job.toolchain.version} {job.interpreter}".encode())
    for file in files:
        content = file.read_bytes() if file.is_file() else b""
        digest.update(f"{file.name} {len(content)} ".encode() + content)
    return f"{kind}-{digest.hexdigest()}"


def _is_fresh(place: Path, locked: bool) -> bool:
    try:
        made = (place / RESOLVED).stat().st_mtime
    except FileNotFoundError:
        return False
    if locked or time.time() - made < FRESH_SECONDS:
        return True
    shutil.rmtree(place, ignore_errors=True)
    return False


def _reuse(job: BuildJob, place: Path, copy: Callable[[str, str], object]) -> bool:
    """False when another build has just removed it."""
    try:
        job.resolved.extend(msgspec.json.decode((place / RESOLVED).read_bytes(), type=list[Package]))
        shutil.copytree(place / PACKAGES, job.packages, symlinks=True, copy_function=copy)
        os.utime(place)
    except OSError:
        shutil.rmtree(job.packages, ignore_errors=True)
        job.resolved.clear()
        return False
    job.log(f"Using the {len(job.resolved)} packages of an earlier build, which had the same package files")
    return True


def _keep(job: BuildJob, place: Path, copy: Callable[[str, str], object]) -> None:
    made = job.scratch / "layer"
    made.mkdir()
    shutil.copytree(job.packages, made / PACKAGES, symlinks=True, copy_function=copy)
    (made / RESOLVED).write_bytes(msgspec.json.encode(job.resolved))
    keep_folder(made, place, copy=os.link)
    shutil.rmtree(made)
    kept = sorted(place.parent.iterdir(), key=_used_at, reverse=True)
    for old in kept[MOST_LAYERS:]:
        shutil.rmtree(old, ignore_errors=True)


def _used_at(place: Path) -> float:
    with suppress(FileNotFoundError):
        return place.stat().st_mtime
    return 0.0
