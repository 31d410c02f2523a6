"""What real builds resolve, as their bill of materials and as what is known of it: two languages here, and two more in
`make builds`.
"""

import json
from pathlib import Path

import msgspec
import pytest

from execution.builds.packages import Package, read_jars
from marketplace.accounts.models import User
from marketplace.algorithms.advisories import find_vulnerabilities, import_advisories
from marketplace.algorithms.bill_of_materials import list_packages, make_bill_of_materials
from tests.factories.catalogue import make_algorithm, make_version
from tests.unit.builds.conftest import Bench

BUILDS = {
    "python3": ({"requirements.txt": "text-unidecode==1.2\n", "src/x.py": ""}, "src/x.py"),
    "javascript": (
        {
            "package.json": '{"name": "x", "version": "1.0.0", "dependencies": {"ms": "2.0.0"}}',
            "src/x.js": "exports.apply = (x) => x;",
        },
        "src/x.js",
    ),
}
OLD = {"python3": ("PyPI", "text-unidecode", "1.3"), "javascript": ("npm", "ms", "2.1.0")}


@pytest.mark.parametrize(
    ("environment", "purl", "license_"),
    [
        ("python3", "pkg:pypi/text-unidecode@1.2", "Artistic License"),
        ("javascript", "pkg:npm/ms@2.0.0", "MIT"),
    ],
)
def test_a_build_becomes_a_bill_and_an_old_package_is_found(
    tmp_path: Path, alice: User, environment: str, purl: str, license_: str
) -> None:
    files, entry = BUILDS[environment]
    built = Bench(tmp_path).build(files, entry=entry, environment=environment)
    version = make_version(make_algorithm(by=alice))
    version.build.resolved = msgspec.to_builtins(built.packages)
    version.build.save()
    (component,) = json.loads(make_bill_of_materials(version))["components"]
    assert component["purl"] == purl
    assert component["version"] == purl.rpartition("@")[2]
    assert license_ in json.dumps(component["licenses"])
    ecosystem, name, fixed = OLD[environment]
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]
    affected = [{"package": {"name": name, "ecosystem": ecosystem}, "ranges": ranges}]
    (tmp_path / "known.json").write_text(json.dumps({"id": "PLANTED-1", "affected": affected}))
    import_advisories(tmp_path)
    (finding,) = find_vulnerabilities(list_packages(version))
    assert (finding.advisory_id, finding.fixed_in) == ("PLANTED-1", fixed)


def test_a_jar_has_the_licence_of_its_nearest_parent_that_names_one(tmp_path: Path) -> None:
    place, parent = tmp_path / "org/x/core/1.0", tmp_path / "org/x/all/2"
    for folder in (place, parent):
        folder.mkdir(parents=True)
    (place / "core-1.0.jar").write_bytes(b"jar")
    (place / "core-1.0.pom").write_text(
        "<project><!-- <licenses><license><name>No</name></license></licenses> --><parent><groupId>org.x</groupId>"
        "<artifactId>all</artifactId><version>2</version></parent></project>"
    )
    (parent / "all-2.pom").write_text(
        "<project><licenses>\n<license><url>u</url><name>Apache-2.0</name></license></licenses></project>"
    )
    (found,) = read_jars([place / "core-1.0.jar"], tmp_path)
    assert found == Package("org.x/core", "1.0", "maven", license="Apache-2.0", hash=found.hash)
