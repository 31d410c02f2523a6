"""Third-party files that a project brings along, where no package index of its language is to be had: out of Debian's
packages, or what those are made of, which `apt-get` fetches. None of them is kept in this repository.
"""

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

SOURCES = Path("/etc/apt/sources.list.d/debian.sources")


def vendored_files(wanted: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one `[[vendored]]` table: the `package`, or the `source` of one, the `root` in it, the `files` below
    that, and the `folder` that they go to. `root` and `files` may be patterns. Raises CalledProcessError.
    """
    with tempfile.TemporaryDirectory(prefix="agora-vendored-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # apt-get fetches as a user of its own
        files = _fetch_source(wanted["source"], folder) if "source" in wanted else _fetch(wanted["package"], folder)
        (root,) = files.glob(wanted["root"])
        return dict(_find(root, wanted["files"], PurePosixPath(wanted["folder"])))


def _fetch(package: str, folder: Path) -> Path:
    _run("apt-get", "-q", "download", package, folder=folder)
    (found,) = folder.glob("*.deb")
    _run("dpkg-deb", "-x", str(found), "files", folder=folder)
    return folder / "files"


def _fetch_source(package: str, folder: Path) -> Path:
    """From where the machine's packages come, whether it is set up for sources or not."""
    lists, sources = folder / "lists", folder / "debian.sources"
    (lists / "partial").mkdir(parents=True)
    sources.write_text(re.sub(r"^Types: .*$", "Types: deb-src", SOURCES.read_text(), flags=re.MULTILINE))
    apt = ["apt-get", "-q", "-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null"]
    apt += ["-o", f"Dir::State::lists={lists}"]
    _run(*apt, "update", folder=folder)
    _run(*apt, "source", "--download-only", package, folder=folder)
    (archive,) = folder.glob("*.orig.tar.*")
    (folder / "files").mkdir()
    _run("tar", "-xf", str(archive), "-C", "files", "--strip-components=1", folder=folder)
    return folder / "files"


def _find(root: Path, pattern: str, folder: PurePosixPath) -> Iterator[tuple[str, bytes]]:
    found = [path for path in sorted(root.glob(pattern)) if path.is_file()]
    assert found, f"{pattern} is not in the package"
    for path in found:
        yield str(folder / path.relative_to(root)), path.read_bytes()


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=300)
