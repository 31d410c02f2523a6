"""Languages of the JVM: all of the author's files compiled together, with the jars that pom.xml names.

In the manifest's `compile`, `{classpath}` is the runner's and those jars, `{output}` the folder for classes, and
`{sources}` the author's files.
"""

from execution.builds.base import BuildJob
from execution.builds.maven import download_jars
from execution.builds.scripts import fill_command
from execution.errors import BuildFailed


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks."""


def install(job: BuildJob) -> None:
    """Puts jars into lib, and what the compiler makes into classes."""
    manifest = job.environment.manifest
    jars = download_jars(job)
    names = job.names_of(manifest.suffixes)
    job.log(f"Compiling {len(names)} {manifest.display_name} files")
    classes = job.packages / "classes"
    classes.mkdir(parents=True)
    path = ":".join(map(str, [classes, *jars, job.runner / "classes", *sorted((job.runner / "lib").glob("*.jar"))]))
    places = {
        "{toolchain}": job.interpreter,
        "{runner}": str(job.runner),
        "{classpath}": path,
        "{output}": str(classes),
    }
    job.run_isolated(fill_command(manifest.compile, places, names), folder=job.tree)
    if not any(classes.rglob("*.class")):
        raise BuildFailed("The compiler made no class of the source: write apply in the entry file.")
