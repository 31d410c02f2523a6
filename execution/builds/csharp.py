"""C#: all of the author's files compiled into one assembly, with the assemblies that come with the source in lib."""

from execution.builds.base import BuildJob
from execution.builds.scripts import fill_command


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks."""


def install(job: BuildJob) -> None:
    """Puts algorithm.dll into the packages folder."""
    manifest = job.environment.manifest
    names = job.names_of(manifest.suffixes)
    job.log(f"Compiling {len(names)} {manifest.display_name} files")
    job.packages.mkdir()
    libraries = sorted(path.relative_to(job.tree).as_posix() for path in job.tree.glob("lib/*.dll"))
    places = {"{toolchain}": job.interpreter, "{output}": str(job.packages / "algorithm.dll")}
    sources = [*names, *(f"-r:{library}" for library in libraries)]
    job.run_isolated(fill_command(manifest.compile, places, sources), folder=job.tree)
