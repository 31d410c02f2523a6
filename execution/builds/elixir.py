"""Elixir: all of the author's modules compiled into the packages folder, where the runner finds them, beside those of
Erlang or Elixir that come compiled with the source, in `vendor`.
"""

import shutil

from execution.builds.base import BuildJob
from execution.builds.scripts import VENDOR, fill_command
from execution.errors import BuildFailed


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks."""


def install(job: BuildJob) -> None:
    """Puts the modules into the packages folder."""
    manifest = job.environment.manifest
    names = job.names_of(manifest.suffixes)
    job.log(f"Compiling {len(names)} {manifest.display_name} files")
    job.packages.mkdir()
    for module in sorted((job.tree / VENDOR).rglob("*.beam")):
        if module.is_file() and not module.is_symlink():
            shutil.copyfile(module, job.packages / module.name)
    places = {"{toolchain}": job.interpreter, "{output}": str(job.packages)}
    job.run_isolated(fill_command(manifest.compile, places, names), folder=job.tree)
    if not (job.packages / "Elixir.Algorithm.beam").is_file():
        raise BuildFailed("The source has no module called Algorithm: define apply in one of that name.")
