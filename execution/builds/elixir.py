"""Elixir: all of the author's modules compiled into the packages folder, where the runner finds them."""

from execution.builds.base import BuildJob
from execution.builds.scripts import fill_command
from execution.errors import BuildFailed


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks."""


def install(job: BuildJob) -> None:
    """Puts the modules into the packages folder."""
    manifest = job.environment.manifest
    names = job.names_of(manifest.suffixes)
    job.log(f"Compiling {len(names)} {manifest.display_name} files")
    job.packages.mkdir()
    places = {"{toolchain}": job.interpreter, "{output}": str(job.packages)}
    job.run_isolated(fill_command(manifest.compile, places, names), folder=job.tree)
    if not (job.packages / "Elixir.Algorithm.beam").is_file():
        raise BuildFailed("The source has no module called Algorithm: define apply in one of that name.")
