"""Prints the Debian packages that the languages need, one a line: what .ci/run installs. Standard library only.

apt-get install $(python3 deploy/language_packages.py)          # of all languages
apt-get install $(python3 deploy/language_packages.py ruby go)  # of these environments
"""

import sys
import tomllib
from pathlib import Path

MANIFESTS = Path(__file__).resolve().parent.parent / "execution" / "runners"


def main(names: list[str]) -> None:
    """Each package once."""
    manifests = [tomllib.loads(path.read_text("utf-8")) for path in MANIFESTS.glob("*/manifest.toml")]
    wanted = [manifest for manifest in manifests if not names or manifest["id"] in names]
    print(*sorted({package for manifest in wanted for package in manifest.get("debian_packages", [])}), sep="\n")


main(sys.argv[1:])
