"""What lies in an artifact beside the author's source: read from what the language's own tool leaves."""

import email
import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

LONGEST_LICENSE = 100
GO_SUM = re.compile(r"^(\S+) (v[^\s/]+) (h1:\S+)$", re.MULTILINE)
"""Lines of modules themselves: those of their go.mod have /go.mod after the version."""
MAVEN_LICENSE = re.compile(r"<licenses>\s*<license>.*?<name>([^<]+)</name>", re.DOTALL)
MAVEN_PARENT = re.compile(r"<parent>(.*?)</parent>", re.DOTALL)
COORDINATES = ("groupId", "artifactId", "version")
MAVEN_FIELD = re.compile(r"<(groupId|artifactId|version)>\s*([\w.+-]+)\s*<")
MOST_PARENTS = 8
OSI = "License :: OSI Approved :: "


class Package(msgspec.Struct, frozen=True, omit_defaults=True):
    """One package; `type` is a purl's, and `hash` as the index or the lock file writes it."""

    name: str
    version: str
    type: str
    license: str = ""
    hash: str = ""


def read_python(folder: Path) -> Iterator[Package]:
    """The wheels that lie unpacked in `folder`."""
    for path in sorted(folder.glob("*.dist-info/METADATA")):
        fields = email.message_from_string(path.read_text("utf-8", errors="replace"))
        yield Package(str(fields["Name"]), str(fields["Version"]), "pypi", license=_python_license(fields))


def read_npm(lock: Path) -> Iterator[Package]:
    """The packages of a package-lock.json, once each."""
    found = json.loads(lock.read_bytes()).get("packages", {})
    seen = set()
    for place, one in sorted(found.items()):
        name = one.get("name") or place.rpartition("node_modules/")[2]
        if "version" in one and place and (name, one["version"]) not in seen:
            seen.add((name, one["version"]))
            yield Package(name, one["version"], "npm", license=_npm_license(one), hash=one.get("integrity", ""))


def read_jars(jars: list[Path], repository: Path) -> Iterator[Package]:
    """The jars, by where they lie in Maven's own `repository`: group/artifact/version/file."""
    for jar in jars:
        for place in sorted(repository.rglob(jar.name)):
            *group, artifact, version, _ = place.relative_to(repository).parts
            name, digest = f"{'.'.join(group)}/{artifact}", hashlib.sha256(jar.read_bytes()).hexdigest()
            license_ = _maven_license(place.parent / f"{artifact}-{version}.pom", repository)
            yield Package(name, version, "maven", license=license_, hash=f"sha256:{digest}")
            break


def read_cargo(lock: Path, home: Path) -> Iterator[Package]:
    """The crates of a Cargo.lock that come from a registry, and lie unpacked in Cargo's `home`."""
    for one in tomllib.loads(lock.read_text("utf-8")).get("package", []):
        if "source" in one:
            digest = f"sha256:{one['checksum']}" if "checksum" in one else ""
            license_ = _cargo_license(home, f"{one['name']}-{one['version']}")
            yield Package(one["name"], one["version"], "cargo", license=license_, hash=digest)


def read_go(sums: Path) -> Iterator[Package]:
    """The modules of a go.sum."""
    if sums.is_file():
        for name, version, digest in GO_SUM.findall(sums.read_text("utf-8", errors="replace")):
            yield Package(name, version, "golang", hash=digest)


def _python_license(fields: Any) -> str:
    text = str(fields["License-Expression"] or fields["License"] or "").strip()
    if text and "\n" not in text and len(text) <= LONGEST_LICENSE:
        return text
    return next((one.removeprefix(OSI) for one in fields.get_all("Classifier", []) if one.startswith(OSI)), "")


def _cargo_license(home: Path, crate: str) -> str:
    for manifest in home.glob(f"registry/src/*/{crate}/Cargo.toml"):
        text = tomllib.loads(manifest.read_text("utf-8", errors="replace")).get("package", {}).get("license", "")
        return text[:LONGEST_LICENSE] if isinstance(text, str) else ""
    return ""


def _maven_license(pom: Path, repository: Path) -> str:
    """Its own, or that of the nearest parent that names one."""
    for _ in range(MOST_PARENTS):
        if not pom.is_file():
            break
        text = re.sub(r"<!--.*?-->", "", pom.read_text("utf-8", errors="replace"), flags=re.DOTALL)
        if found := MAVEN_LICENSE.search(text):
            return " ".join(found[1].split())[:LONGEST_LICENSE]
        parent = MAVEN_PARENT.search(text)
        fields = dict(MAVEN_FIELD.findall(parent[1])) if parent else {}
        if len(fields) < len(COORDINATES):
            break
        group, artifact, version = (fields[name] for name in COORDINATES)
        pom = repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}.pom"
    return ""


def _npm_license(one: dict[str, Any]) -> str:
    text = one.get("license", "")
    return text[:LONGEST_LICENSE] if isinstance(text, str) else ""
