"""Languages that run from their source: the syntax is checked by the manifest's `syntax_check`, nothing is installed.

Libraries that Debian packages are there when the operator installed them; others come with the source, in `vendor`.
"""

from collections.abc import Mapping, Sequence

from execution.builds.base import BuildJob
from execution.errors import BuildFailed

VENDOR = "vendor"


def check(job: BuildJob) -> None:
    """Refuses source that the language cannot parse."""
    manifest = job.environment.manifest
    if not manifest.syntax_check:
        return
    names = job.names_of(manifest.suffixes)
    job.log(f"Checking the syntax of {len(names)} {manifest.display_name} files")
    for name in names:
        places = {"{toolchain}": job.interpreter, "{runner}": str(job.runner), "{file}": name}
        try:
            job.run_isolated(fill_command(manifest.syntax_check, places), folder=job.tree)
        except BuildFailed:
            raise BuildFailed(f"Syntax error in {name}: the log above says where.") from None


def install(job: BuildJob) -> None:
    """Nothing is downloaded: says so, when a dependency file asks for it and the libraries do not come along."""
    name = job.environment.manifest.dependency_file
    if name and (job.tree / name).is_file() and not (job.tree / VENDOR).is_dir():
        raise BuildFailed(
            f"{name} is not installed by this platform: put the libraries themselves into {VENDOR}/ "
            f"(where they are found), or remove {name}."
        )


def fill_command(command: Sequence[str], places: Mapping[str, str], sources: Sequence[str] = ()) -> list[str]:
    """A manifest's command line, with its placeholders replaced; the argument `{sources}` becomes all of `sources`."""
    filled: list[str] = []
    for part in command:
        filled += sources if part == "{sources}" else [_fill(part, places)]
    return filled


def _fill(part: str, places: Mapping[str, str]) -> str:
    for name, value in places.items():
        part = part.replace(name, value)
    return part
