"""What is in a version: the packages that its build resolved, as a CycloneDX bill of materials, and their licences."""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Sequence

import msgspec
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from marketplace.algorithms.models import Version

NO_LICENSE = "not said"
ALGORITHMS = {"sha1": HashAlgorithm.SHA_1, "sha256": HashAlgorithm.SHA_256, "sha512": HashAlgorithm.SHA_512}
HEX_DIGITS = {"sha1": 40, "sha256": 64, "sha512": 128}
HASH = re.compile(r"(sha1|sha256|sha512)[:-](.+)")


class Package(msgspec.Struct, frozen=True):
    """One package in an artifact, as builds note it."""

    name: str
    version: str
    type: str
    """A package URL's: pypi, npm, maven, …"""
    license: str = ""
    hash: str = ""
    """As the index or the lock file writes it."""

    @property
    def purl(self) -> PackageURL:
        """Its package URL; a name with slashes has a namespace."""
        namespace, _, name = self.name.rpartition("/")
        return PackageURL(type=self.type, namespace=namespace or None, name=name, version=self.version)


def list_packages(version: Version) -> list[Package]:
    """The packages in the version, by type and name; none where it has none, or was built before they were noted."""
    found = msgspec.convert(version.build.resolved, list[Package], strict=False)
    return sorted(set(found), key=lambda one: (one.type, one.name.lower(), one.version))


def count_licenses(packages: Sequence[Package]) -> list[tuple[str, int]]:
    """How many packages are under which licence, most first."""
    counted = Counter(package.license or NO_LICENSE for package in packages)
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def make_bill_of_materials(version: Version) -> str:
    """CycloneDX 1.6 as JSON; of one version always the same."""
    algorithm = version.algorithm
    subject = Component(
        type=ComponentType.APPLICATION,
        bom_ref=str(version.id),
        group=algorithm.organization.slug,
        name=algorithm.name,
        version=version.number,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=version.artifact)],
    )
    components = [_to_component(package) for package in list_packages(version)]
    bom = Bom(
        serial_number=version.id,
        metadata=BomMetaData(component=subject, timestamp=version.published_at),
        components=components,
        dependencies=[Dependency(subject.bom_ref, [Dependency(one.bom_ref) for one in components])],
    )
    return JsonV1Dot6(bom).output_as_string(indent=2)


def _to_component(package: Package) -> Component:
    purl = package.purl
    factory = LicenseFactory()
    return Component(
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        group=purl.namespace,
        name=purl.name,
        version=package.version,
        purl=purl,
        licenses=[factory.make_from_string(package.license)] if package.license else [],
        hashes=_to_hashes(package.hash),
    )


def _to_hashes(text: str) -> list[HashType]:
    """`sha256:<hex>` and npm's `sha512-<base64>`; none of what is neither."""
    found = HASH.fullmatch(text)
    if found is None:
        return []
    digest = found[2]
    if not re.fullmatch(r"[0-9a-fA-F]+", digest):
        try:
            digest = base64.b64decode(digest, validate=True).hex()
        except (binascii.Error, ValueError):
            return []
    whole = len(digest) == HEX_DIGITS[found[1]]
    return [HashType(alg=ALGORITHMS[found[1]], content=digest.lower())] if whole else []
