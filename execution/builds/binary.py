"""The author's own program, already built: an executable file that speaks the runner protocol."""

from execution.builds.base import BuildJob
from execution.errors import BuildFailed

STARTS = (b"\x7fELF", b"#!")


def check(job: BuildJob) -> None:
    """Refuses what the system would not start."""
    path = job.tree / job.entry
    with path.open("rb") as file:
        start = file.read(4)
    if not start.startswith(STARTS):
        raise BuildFailed(
            f"{job.entry} is no program: it must be an ELF executable, or a script whose first line is #!."
        )
    path.chmod(0o755)


def install(job: BuildJob) -> None:
    """Nothing to do: the program comes with all that it needs."""
