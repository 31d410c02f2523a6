"""Third-party files that a project brings along, where no package index of its language is to be had: out of Debian's
packages, which `apt-get` fetches. None of them is kept in this repository.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any


def vendored_files(wanted: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of one `[[vendored]]` table: the `package`, the `root` in it, the `files` below that, and the `folder`
    that they go to. `root` and `files` may be patterns. Raises CalledProcessError.
    """
    with tempfile.TemporaryDirectory(prefix="agora-vendored-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)  # apt-get fetches as a user of its own
        _run("apt-get", "-q", "download", wanted["package"], folder=folder)
        (package,) = folder.glob("*.deb")
        _run("dpkg-deb", "-x", str(package), "files", folder=folder)
        (root,) = (folder / "files").glob(wanted["root"])
        return dict(_find(root, wanted["files"], PurePosixPath(wanted["folder"])))


def _find(root: Path, pattern: str, folder: PurePosixPath) -> Iterator[tuple[str, bytes]]:
    found = [path for path in sorted(root.glob(pattern)) if path.is_file()]
    assert found, f"{pattern} is not in the package"
    for path in found:
        yield str(folder / path.relative_to(root)), path.read_bytes()


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, check=True, timeout=300)
