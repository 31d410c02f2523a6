"""What is in a version, and what is known of it."""

import json
import zipfile
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from marketplace.accounts.models import User
from marketplace.algorithms.advisories import compare, find_vulnerabilities, import_advisories
from marketplace.algorithms.bill_of_materials import (
    Package,
    count_licenses,
    list_packages,
    make_bill_of_materials,
)
from marketplace.algorithms.models import Advisory, Version
from tests.factories.catalogue import make_algorithm, make_version

REQUESTS = Package("Requests", "2.19.0", "pypi", license="Apache-2.0")
RESOLVED = [
    {"name": "Requests", "version": "2.19.0", "type": "pypi", "license": "Apache-2.0", "hash": "sha512-3q2+7w=="},
    {
        "name": "@scope/thing",
        "version": "1.0.0",
        "type": "npm",
        "license": "a licence, odd",
        "hash": "sha512-" + "q6ur" * 21 + "qw==",
    },
    {"name": "com.example/core", "version": "1.2", "type": "maven", "hash": f"sha256:{'ab' * 32}"},
    {"name": "example.com/x/y", "version": "v1.0.0", "type": "golang", "hash": "h1:abc="},
]


@pytest.fixture
def version(alice: User) -> Version:
    made = make_version(make_algorithm("ocr", by=alice))
    made.build.resolved = RESOLVED
    made.build.save()
    return made


def advisory(number: int, name: str = "requests", ecosystem: str = "PyPI", **more: object) -> dict[str, object]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.20.0"}]}]
    affected = {"package": {"name": name, "ecosystem": ecosystem}, "ranges": ranges}
    known = {"id": f"GHSA-{number}", "summary": "Leaks a password.", "database_specific": {"severity": "HIGH"}}
    return {**known, "affected": [affected], **more}


def test_the_bill_of_materials_is_valid_and_always_the_same(version: Version) -> None:
    text = make_bill_of_materials(version)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert make_bill_of_materials(Version.objects.get(pk=version.pk)) == text
    bill = json.loads(text)
    assert bill["metadata"]["component"]["name"] == "ocr"
    assert {one["purl"] for one in bill["components"]} == {
        "pkg:pypi/requests@2.19.0",
        "pkg:npm/%40scope/thing@1.0.0",
        "pkg:maven/com.example/core@1.2",
        "pkg:golang/example.com/x/y@v1.0.0",
    }
    hashes = {hash_["alg"]: hash_["content"] for one in bill["components"] for hash_ in one.get("hashes", ())}
    assert hashes == {"SHA-256": "ab" * 32, "SHA-512": "ab" * 64}


def test_licences_are_counted(version: Version) -> None:
    assert count_licenses(list_packages(version)) == [("not said", 2), ("Apache-2.0", 1), ("a licence, odd", 1)]


@pytest.mark.django_db
def test_a_version_that_is_affected_is_found_with_what_mends_it(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(json.dumps(advisory(1)))
    (tmp_path / "no.json").write_text("[]")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("two.json", json.dumps(advisory(2, withdrawn="2024-01-01T00:00:00Z")))
        archive.writestr("three.json", json.dumps(advisory(3, name="other")))
        archive.writestr("four.json", json.dumps(advisory(4, name="com.example:core", ecosystem="Maven")))
    assert import_advisories(tmp_path) == import_advisories(tmp_path) == 3
    (found,) = find_vulnerabilities([REQUESTS])
    assert (found.advisory_id, found.severity, found.fixed_in) == ("GHSA-1", "high", "2.20.0")
    assert find_vulnerabilities([Package("requests", "2.20.0", "pypi"), Package("requests", "2.19.0", "npm")]) == []
    assert len(find_vulnerabilities([Package("com.example/core", "1.2", "maven")])) == 1
    (tmp_path / "one.json").write_text(json.dumps(advisory(1, withdrawn="2024-01-01T00:00:00Z")))
    import_advisories(tmp_path)
    assert find_vulnerabilities([REQUESTS]) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("affected", "version", "is_so"),
    [
        ({"versions": ["1.0"]}, "1.0", True),
        ({"versions": ["1.0"]}, "1.1", False),
        ({"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0"}, {"fixed": "1.2"}]}]}, "1.1", True),
        ({"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0"}, {"fixed": "1.2"}]}]}, "0.9", False),
        ({"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0"}, {"fixed": "1.2"}]}]}, "1.2", False),
        ({"ranges": [{"type": "SEMVER", "events": [{"introduced": "1.0"}, {"last_affected": "1.2"}]}]}, "1.2", True),
        (
            {"ranges": [{"type": "SEMVER", "events": [
                {"fixed": "3.1"}, {"introduced": "3.0"}, {"introduced": "0"}, {"fixed": "1.2"}]}]},
            "3.0.5", True,
        ),
        ({"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}, "1.0", False),
    ],
)  # fmt: skip
def test_ranges_are_read_as_osv_says(affected: dict[str, object], version: str, is_so: bool) -> None:
    Advisory.objects.create(advisory_id="A", type="cargo", name="x", affected=affected)
    assert bool(find_vulnerabilities([Package("x", version, "cargo")])) is is_so


@pytest.mark.parametrize("kind", ["npm", "gem", "maven", "golang"])
@pytest.mark.parametrize(
    ("older", "newer"),
    [("1.9.0", "1.10.0"), ("1.0.0-rc.2", "1.0.0"), ("1.0.0-rc.2", "1.0.0-rc.10"), ("v1.2", "v1.2.1"), ("2.rc1", "2")],
)
def test_versions_are_compared(kind: str, older: str, newer: str) -> None:
    assert compare(kind, older, newer) < 0 < compare(kind, newer, older)
    assert compare(kind, "1.0", "1.0.0") == 0


def test_a_version_without_packages_has_a_bill_all_the_same(alice: User) -> None:
    version = make_version(make_algorithm(by=alice))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(make_bill_of_materials(version)) is None
