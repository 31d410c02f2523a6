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
from execution.builds.downloads import Fetch, download
from execution.builds.layers import install_layer
from execution.builds.packages import Package, read_jars
from execution.errors import BuildFailed

COORDINATE = re.compile(r"[A-Za-z0-9_.\[\](),+-]{1,200}")
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>algorithm</groupId><artifactId>algorithm</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>{dependencies}</dependencies></project>
"""
FIELDS = ("groupId", "artifactId", "version", "classifier", "type")
LIBRARY = "lib"
SAMPLE = {"groupId": "javax.inject", "artifactId": "javax.inject", "version": "1"}
SETTINGS = Path.home() / ".m2" / "settings.xml"
"""The operator's, which may name another repository."""
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
    return sorted((job.packages / LIBRARY).glob("*.jar"))


def _download(job: BuildJob, dependencies: list[dict[str, str]]) -> Iterator[Package]:
    job.log(f"Downloading {len(dependencies)} dependencies of pom.xml, and theirs")
    folder = job.scratch / "maven"
    folder.mkdir()
    (folder / "pom.xml").write_text(_write_pom(dependencies))

    def fetch(folder: Path, cache: Path) -> Fetch:
        command = [*_maven(), f"-DoutputDirectory={folder / LIBRARY}", f"-Dmaven.repo.local={cache}"]
        home = {"JAVA_HOME": os.fspath(Path(job.interpreter).parent.parent)}
        return Fetch(command, [cache], [SETTINGS] if SETTINGS.is_file() else [], home)

    cache = job.owner_cache / "maven"
    if download(job, "maven", fetch, folder=folder, cache=cache, sample={"pom.xml": _write_pom([SAMPLE])}):
        raise BuildFailed("The dependencies of pom.xml could not be downloaded: the log above says why.")
    job.packages.mkdir()
    (folder / LIBRARY).rename(job.packages / LIBRARY)
    return read_jars(sorted((job.packages / LIBRARY).glob("*.jar")), cache)


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


def _write_pom(dependencies: list[dict[str, str]]) -> str:
    return POM.format(dependencies="".join(map(_write, dependencies)))


def _maven() -> list[str]:
    """The start of its command line. Java looks for no proxy in variables."""
    if found := shutil.which("mvn"):
        ways = [f"-D{scheme}.proxy{part}" for scheme in ("http", "https") for part in ("Host=127.0.0.1", "Port={port}")]
        settings = ["--settings", os.fspath(SETTINGS)] if SETTINGS.is_file() else []
        return [found, "-q", "-B", *ways, *settings, "dependency:copy-dependencies", "-DincludeScope=runtime"]
    raise BuildFailed("Maven is not installed on this machine: ask its operator.")
