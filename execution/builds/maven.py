"""Jars of Maven's repositories, for the languages of the JVM.

Only the coordinates are read from the author's pom.xml: Maven itself would run the plugins that it names.
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from execution.builds.base import BuildJob
from execution.builds.layers import install_layer
from execution.builds.packages import Package, read_jars
from execution.errors import BuildFailed

COORDINATE = re.compile(r"[A-Za-z0-9_.\[\](),+-]{1,200}")
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>algorithm</groupId><artifactId>algorithm</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{dependencies}</dependencies></project>
"""
FIELDS = ("groupId", "artifactId", "version", "classifier", "type")
NOT_PACKED = {"test", "provided", "system", "import"}
OURS = ("com.algorithmia", "adk")
"""In no repository: the runner of Java has its classes."""


def download_jars(job: BuildJob) -> list[Path]:
    """Downloads what pom.xml depends on into lib, in the packages folder, and answers the jars. Raises BuildFailed."""
    pom = job.tree / "pom.xml"
    dependencies = read_dependencies(pom) if pom.is_file() else []
    if not dependencies:
        return []
    install_layer(job, kind="maven", files=[pom], locked=True, install=lambda: _download(job, dependencies))
    return sorted((job.packages / "lib").glob("*.jar"))


def _download(job: BuildJob, dependencies: list[dict[str, str]]) -> Iterator[Package]:
    job.log(f"Downloading {len(dependencies)} dependencies of pom.xml, and theirs")
    folder = job.scratch / "maven"
    folder.mkdir()
    (folder / "pom.xml").write_text(POM.format(dependencies="".join(map(_write, dependencies))))
    lib = job.packages / "lib"
    command = [_maven(), "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime"]
    command += [f"-DoutputDirectory={lib}", f"-Dmaven.repo.local={job.owner_cache / 'maven'}"]
    home = {"JAVA_HOME": os.fspath(Path(job.interpreter).parent.parent), "HOME": os.environ.get("HOME", "/")}
    if job.steps.run(command, folder=folder, environment=home):
        raise BuildFailed("The dependencies of pom.xml could not be downloaded: the log above says why.")
    return read_jars(sorted(lib.glob("*.jar")), job.owner_cache / "maven")


def read_dependencies(pom: Path) -> list[dict[str, str]]:
    """The coordinates under <dependencies>. Raises BuildFailed."""
    text = pom.read_text(encoding="utf-8", errors="replace")
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BuildFailed("pom.xml must not declare a document type or entities.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - without entities, there is nothing to expand
    except ElementTree.ParseError as error:
        raise BuildFailed(f"pom.xml is not valid XML: {error}") from None
    found = [{_name(child): (child.text or "").strip() for child in element} for element in _dependencies(root)]
    wanted = [
        one
        for one in found
        if one.get("scope", "compile") not in NOT_PACKED and (one.get("groupId"), one.get("artifactId")) != OURS
    ]
    for one in wanted:
        for field in FIELDS:
            if not COORDINATE.fullmatch(one.get(field, "jar")) or (field in FIELDS[:3] and field not in one):
                raise BuildFailed(
                    f"pom.xml: dependency {one.get('artifactId', '')!r} must have a groupId, an artifactId and a "
                    "version, written out."
                )
    return wanted


def _dependencies(root: ElementTree.Element) -> list[ElementTree.Element]:
    groups = [child for child in root if _name(child) == "dependencies"]
    return [element for group in groups for element in group if _name(element) == "dependency"]


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _write(dependency: dict[str, str]) -> str:
    fields = "".join(f"<{name}>{dependency[name]}</{name}>" for name in FIELDS if name in dependency)
    return f"<dependency>{fields}</dependency>"


def _maven() -> str:
    if found := shutil.which("mvn"):
        return found
    raise BuildFailed("Maven is not installed on this machine: ask its operator.")
