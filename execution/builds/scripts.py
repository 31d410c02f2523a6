"""Languages that run from their source: the syntax is checked by the manifest's `syntax_check`, nothing is installed.

Libraries that Debian packages are there when the operator installed them; others come with the source, in `vendor`.
"""

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
        command = [replace_all(part, places) for part in manifest.syntax_check]
        try:
            job.run_isolated(command, folder=job.tree)
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


def replace_all(text: str, places: dict[str, str]) -> str:
    """`text` with each of the placeholders replaced."""
    for name, value in places.items():
        text = text.replace(name, value)
    return text
