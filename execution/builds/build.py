"""A source archive in, an artifact out. Code of the author's, or of a dependency's, runs on the way in isolation only.

The artifact is a tar of the author's tree with the dependencies in the environment's packages folder
(`packages_folder` of its manifest). A slot sees it, read-only, as /algorithm.
"""

import shutil
import threading
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import cast

from execution.builds.artifact import BuiltArtifact, pack_artifact
from execution.builds.base import BuildJob, BuildLimits, LanguageBuilder, Log
from execution.builds.hints import Tail
from execution.builds.source_archive import unpack_source
from execution.builds.steps import Steps
from execution.builds.watch import Allowance
from execution.environments import Environment, Toolchain, find_environment
from execution.errors import BuildFailed

__all__ = ["BuiltArtifact", "build_artifact"]


def build_artifact(
    *,
    environment: str,
    entry: str,
    source_archive: Path,
    workspace: Path,
    cache: Path,
    log: Log,
    owner_cache: Path | None = None,
    package_hosts: frozenset[str] = frozenset(),
    limits: BuildLimits | None = None,
    cancelled: threading.Event | None = None,
) -> BuiltArtifact:
    """Builds the .tar.gz at `source_archive` into a tar in `workspace`, a folder of this build's own.

    `cache` is kept between all builds, `owner_cache` between those of one owner; by default it is a folder of `cache`.
    Raises BuildFailed, with a sentence for the author that says what to mend, and soon after `cancelled` is set.
    """
    limits = limits or BuildLimits()
    found = _known_environment(environment)
    allowance = Allowance(limits.memory_bytes, limits.build_bytes, [workspace])
    tail = Tail(log)
    steps = Steps(seconds=limits.seconds, log=tail, allowance=allowance, cancelled=cancelled)
    tree, scratch, owned = workspace / "tree", workspace / "scratch", owner_cache or cache / "owner"
    for folder in (tree, scratch, cache, owned):
        folder.mkdir(parents=True, exist_ok=True)
    job = BuildJob(
        environment=found,
        toolchain=_toolchain_of(found),
        tree=tree,
        packages=tree / found.manifest.packages_folder,
        entry=entry,
        scratch=scratch,
        cache=cache,
        owner_cache=owned,
        package_hosts=package_hosts,
        steps=steps,
        log=tail,
    )
    try:
        return _build(job, source_archive, workspace, limits)
    except BuildFailed as error:
        hint = tail.find_hint()
        raise BuildFailed(f"{error}\n{hint}" if hint else str(error)) from error


def _build(job: BuildJob, source_archive: Path, workspace: Path, limits: BuildLimits) -> BuiltArtifact:
    job.log("Unpacking the source")
    unpack_source(source_archive, job.tree, limits)
    _leave_out_packages(job)
    _check_entry(job)
    builder = cast("LanguageBuilder", import_module(f"execution.builds.{job.environment.manifest.builder}"))
    builder.check(job)
    builder.install(job)
    return _finish(job, workspace, limits)


def _known_environment(environment_id: str) -> Environment:
    environment = find_environment(environment_id)
    if environment is None:
        raise BuildFailed(f"There is no environment called {environment_id!r}: name one that this platform has.")
    return environment


def _toolchain_of(environment: Environment) -> Toolchain:
    toolchain = environment.find_toolchain()
    if toolchain is None:
        raise BuildFailed(f"{environment.display_name} is not installed on this machine: ask its operator.")
    return toolchain


def _leave_out_packages(job: BuildJob) -> None:
    """Dependencies are what the dependency file says, never what lay about on the author's machine."""
    name = job.packages.name
    if job.packages.is_symlink() or job.packages.is_file():
        raise BuildFailed(f"{name!r} is where the build puts dependencies: give yours another name.")
    if job.packages.is_dir():
        job.log(f"The source's own {name} is left out")
        shutil.rmtree(job.packages)


def _check_entry(job: BuildJob) -> None:
    entry = PurePosixPath(job.entry)
    if entry.is_absolute() or ".." in entry.parts:
        raise BuildFailed(f"The entry {job.entry!r} must be a path inside the source.")
    if not (job.tree / entry).is_file():
        raise BuildFailed(
            f"There is no file {job.entry!r} in the source: add it, or name the file to load as `entry` in agora.toml."
        )


def _finish(job: BuildJob, workspace: Path, limits: BuildLimits) -> BuiltArtifact:
    job.log("Packing the artifact")
    artifact = pack_artifact(job.tree, workspace / "artifact.tar", limits, job.resolved)
    shutil.rmtree(job.tree)
    shutil.rmtree(job.scratch)
    job.log(f"Built {artifact.digest[:12]}, {artifact.path.stat().st_size / 2**20:.1f} MiB")
    return artifact
