"""Languages that are compiled into one program: the author's files with ours, in one run of the compiler.

In the manifest's `compile`, `{toolchain}` is the compiler, `{library}` the folder of the manifest, `{main}` the file
that starts the program, `{scratch}` a folder to write to, `{folder}` that of the entry, `{sources}` the author's files
and `{output}` the program.
"""

import re
from pathlib import Path, PurePosixPath

from execution.builds.base import BuildJob
from execution.builds.scripts import fill_command
from execution.errors import BuildFailed

PROGRAM = "algorithm"


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks."""


def install(job: BuildJob) -> None:
    """Puts the program into the packages folder."""
    manifest = job.environment.manifest
    names = job.names_of(manifest.suffixes)
    job.log(f"Compiling {len(names)} {manifest.display_name} files")
    job.packages.mkdir()
    program = job.packages / PROGRAM
    places = {
        "{toolchain}": job.interpreter,
        "{library}": str(job.environment.folder),
        "{main}": str(write_main(job)) if manifest.main else "",
        "{scratch}": str(job.scratch),
        "{folder}": str(PurePosixPath(job.entry).parent),
        "{output}": str(program),
    }
    job.run_isolated(fill_command(manifest.compile, places, names), folder=job.tree, readable=[job.environment.folder])
    check_program(program)


def check_program(program: Path) -> None:
    """Raises BuildFailed when there is none."""
    # Code of the author's may have run with the compiler: what it leaves is not followed out of the build.
    if program.is_symlink() or program.parent.is_symlink() or not program.is_file():
        raise BuildFailed("The compiler made no program of the source.")
    program.chmod(0o755)


def write_main(job: BuildJob) -> Path:
    """The file that starts the program, which calls the author's functions by the names that their language knows."""
    manifest = job.environment.manifest
    name = PurePosixPath(manifest.main)
    if has_load(job):
        name = name.with_stem(f"{name.stem}_with_load")
    text = (job.environment.folder / name).read_text("utf-8")
    entry = PurePosixPath(job.entry)
    text = text.replace("{module}", entry.stem).replace("{Module}", entry.stem[:1].upper() + entry.stem[1:])
    main = job.scratch / manifest.main
    main.write_text(text, "utf-8")
    return main


def has_load(job: BuildJob) -> bool:
    """Whether the entry defines load."""
    text = (job.tree / job.entry).read_text("utf-8", errors="replace")
    return bool(re.search(job.environment.manifest.load_pattern, text, re.MULTILINE))
