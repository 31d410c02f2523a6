"""R: packages are those that the operator installed (r-cran-… of Debian); a build checks that they are there."""

from execution.builds.base import BuildJob
from execution.builds.scripts import check
from execution.errors import BuildFailed

__all__ = ["check", "install"]


def install(job: BuildJob) -> None:
    """Refuses a DESCRIPTION that imports what is not installed."""
    if not (job.tree / "DESCRIPTION").is_file():
        return
    job.log("Looking for the packages that DESCRIPTION imports")
    try:
        job.run_isolated([job.interpreter, str(job.runner / "packages.R")], folder=job.tree)
    except BuildFailed:
        raise BuildFailed("DESCRIPTION imports packages that this platform lacks: the log above names them.") from None
