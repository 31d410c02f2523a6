"""The published clients, each installed into a folder of its own by the ordinary client of its registry."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
PYTHON_PACKAGES = ("algorithmia==2.0.5", "algorithmia-adk==1.2.4")
NODE_PACKAGE = "algorithmia@0.3.10"
JAVA_CLIENT = "1.0.16"
"""The newest that Maven finds."""
POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>clients</groupId><artifactId>clients</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>com.algorithmia</groupId><artifactId>algorithmia-client</artifactId>
<version>{JAVA_CLIENT}</version></dependency></dependencies></project>
"""
INSTALL_SECONDS = 900.0
UNPUBLISHED = (
    "com.algorithmia:adk (Maven): the runner of Java has classes of its own for it",
    "com.algorithmia:algorithmia-client 1.3.8 (Maven finds 1.0.16)",
    "algorithmia-scala (Maven)",
    "algorithmia (cargo) 2.x, whose dependencies were withdrawn: 3.0.0-beta.3 is used",
    "algorithmia of R, of Ruby, and Algorithmia.Pipe of C#: registries that are not asked here",
)
"""What no registry of these has, or what cannot be asked for, by name."""


class CannotInstall(Exception):
    """A tool or a package is not to be had here."""


def install_python(folder: Path) -> list[str]:
    """The command that runs a program of checks."""
    python = folder / "bin" / "python"
    if not python.is_file():
        uv = [sys.executable, "-m", "uv"]
        _run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], folder.parent)
        _run([*uv, "pip", "install", "-q", "--python", str(python), *PYTHON_PACKAGES, "setuptools"], folder.parent)
    return [str(python)]


def install_node(folder: Path) -> list[str]:
    node = _tool("node")
    if not (folder / "node_modules" / "algorithmia").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        _run([_tool("npm"), "install", "--no-audit", "--no-fund", "--prefix", str(folder), NODE_PACKAGE], folder)
    shutil.copyfile(PROGRAMS / "node" / "drive.js", folder / "drive.js")
    return [node, str(folder / "drive.js")]


def install_java(folder: Path) -> list[str]:
    java, compiler = _tool("java"), "jdk.compiler/com.sun.tools.javac.Main"
    if not (folder / "lib").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(POM)
        _run([_tool("mvn"), "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"], folder)
    classes, path = folder / "classes", ":".join(map(str, sorted((folder / "lib").glob("*.jar"))))
    _run(
        [java, "-m", compiler, "-encoding", "UTF-8", "-d", str(classes), "-cp", path, _source("java/Drive.java")],
        folder,
    )
    return [java, "-Dfile.encoding=UTF-8", "-cp", f"{classes}:{path}", "Drive"]


def install_rust(folder: Path) -> list[str]:
    cargo = _tool("cargo")
    shutil.copytree(PROGRAMS / "rust", folder / "source", dirs_exist_ok=True)
    _run([cargo, "build", "-q", "--target-dir", str(folder / "target")], folder / "source")
    return [str(folder / "target" / "debug" / "drive")]


INSTALLS: dict[str, Callable[[Path], list[str]]] = {
    "python": install_python,
    "node": install_node,
    "java": install_java,
    "rust": install_rust,
}


def _source(name: str) -> str:
    return str(PROGRAMS / name)


def _tool(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=f"{Path.home()}/.cargo/bin")
    if found is None:
        raise CannotInstall(f"{name} is not on this machine")
    return found


def _run(command: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AGORA_", "ALGORITHMIA_"))}
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode:
        raise CannotInstall(f"{Path(command[0]).name} {command[1]}: {(done.stderr or done.stdout).strip()[-300:]}")
