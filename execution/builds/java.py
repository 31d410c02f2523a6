"""Java: all of the author's files compiled by javac, with the jars that pom.xml names."""

from execution.builds.base import BuildJob
from execution.builds.maven import download_jars
from execution.errors import BuildFailed

JAVAC = ("-m", "jdk.compiler/com.sun.tools.javac.Main")
OPTIONS = ("-encoding", "UTF-8", "-parameters", "-g", "-proc:none", "-nowarn")


def check(job: BuildJob) -> None:
    """Nothing to do: compiling checks."""


def install(job: BuildJob) -> None:
    """Puts jars into lib, and what the compiler makes into classes."""
    jars = download_jars(job)
    names = job.names_of((".java",))
    job.log(f"Compiling {len(names)} Java files")
    classes = job.packages / "classes"
    classes.mkdir(parents=True)
    path = ":".join(map(str, [*jars, job.runner / "classes"]))
    command = [job.interpreter, *JAVAC, *OPTIONS, "-cp", path, "-d", str(classes), *names]
    job.run_isolated(command, folder=job.tree)
    if not any(classes.rglob("*.class")):
        raise BuildFailed("The source has no class: write apply as a method of a class.")
