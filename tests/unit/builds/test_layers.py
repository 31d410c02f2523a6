"""Dependencies are installed once for an owner, and the same source gives the same artifact whoever builds it."""

import json
import os
import time
from pathlib import Path

import pytest

from execution.builds.layers import FRESH_SECONDS, RESOLVED
from execution.builds.packages import Package, read_cargo, read_go
from execution.errors import BuildFailed
from tests.unit.builds.conftest import Bench

PYTHON = {"requirements.txt": "six==1.17.0\n", "src/x.py": "import six\n\ndef apply(input):\n    return 1\n"}
JAVASCRIPT = {
    "package.json": json.dumps({"name": "x", "version": "1.0.0", "dependencies": {"is-number": "7.0.0"}}),
    "src/x.js": "exports.apply = (input) => require('is-number')(input);\n",
}
SIX = Package("six", "1.17.0", "pypi", license="MIT")


def reused(bench: Bench) -> bool:
    return any(line.startswith("Using the ") for line in bench.log)


@pytest.mark.parametrize(("files", "environment"), [(PYTHON, "python3"), (JAVASCRIPT, "javascript")])
def test_the_same_source_gives_the_same_artifact(bench: Bench, files: dict[str, str], environment: str) -> None:
    entry = next(name for name in files if name.startswith("src/"))
    first = bench.build(files, entry=entry, environment=environment)
    bench.owner = "another"
    second = bench.build(files, entry=entry, environment=environment)
    assert not reused(bench)  # nobody gets what another owner's build has left
    again = bench.build(files, entry=entry, environment=environment)
    assert reused(bench)
    assert first.digest == second.digest == again.digest
    assert first.packages == second.packages == again.packages != ()


def test_a_changed_source_keeps_its_packages(bench: Bench) -> None:
    first = bench.build(PYTHON, entry="src/x.py")
    second = bench.build(PYTHON | {"src/x.py": "def apply(input):\n    return 2\n"}, entry="src/x.py")
    assert reused(bench)
    assert first.digest != second.digest
    assert first.packages == second.packages == (SIX,)


def test_other_package_files_are_installed_anew(bench: Bench) -> None:
    bench.build(PYTHON, entry="src/x.py")
    changed = bench.build(PYTHON | {"requirements.txt": "six==1.16.0\n"}, entry="src/x.py")
    assert not reused(bench)
    assert [package.version for package in changed.packages] == ["1.16.0"]


def test_what_no_lock_fixes_is_resolved_anew_after_a_day(bench: Bench) -> None:
    bench.build(PYTHON, entry="src/x.py")
    (resolved,) = (bench.folder / "owner" / "layers").glob(f"*/{RESOLVED}")
    yesterday = time.time() - FRESH_SECONDS - 1
    os.utime(resolved, (yesterday, yesterday))
    bench.build(PYTHON, entry="src/x.py")
    assert not reused(bench)


@pytest.mark.parametrize(
    ("files", "entry", "environment"),
    [
        ({"requirements.txt": "x @ https://example.org/x-1-py3-none-any.whl\n", "src/x.py": ""}, "src/x.py", "python3"),
        ({"requirements.txt": "x@https://index.example.org/x.whl", "src/x.py": ""}, "src/x.py", "python3"),
        ({"requirements.txt": "x @ https://example.org@169.254.169.254/x.whl", "src/x.py": ""}, "src/x.py", "python3"),
        (
            {"package.json": '{"dependencies": {"x": "https://example.org/x.tgz"}}', "src/x.js": ""},
            "src/x.js",
            "javascript",
        ),
        (
            {
                "package.json": '{"dependencies": {"x": "1.0.0"}}',
                "package-lock.json": json.dumps(
                    {"lockfileVersion": 3, "packages": {"node_modules/x": {"resolved": "http://127.0.0.1/x.tgz"}}}
                ),
                "src/x.js": "",
            },
            "src/x.js",
            "javascript",
        ),
    ],
)
def test_packages_come_from_hosts_that_the_operator_lists(
    bench: Bench, files: dict[str, str], entry: str, environment: str
) -> None:
    with pytest.raises(BuildFailed, match="are not taken from"):
        bench.build(files, entry=entry, environment=environment)


def test_it_reads_what_compilers_have_linked(tmp_path: Path) -> None:
    lock = tmp_path / "Cargo.lock"
    lock.write_text(
        '[[package]]\nname = "mine"\nversion = "1.0.0"\n\n[[package]]\nname = "heck"\nversion = "0.5.0"\n'
        'source = "registry+https://index.example"\nchecksum = "2304"\n'
    )
    manifest = tmp_path / "registry" / "src" / "index" / "heck-0.5.0" / "Cargo.toml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('[package]\nname = "heck"\nlicense = "MIT OR Apache-2.0"\n')
    expected = Package("heck", "0.5.0", "cargo", license="MIT OR Apache-2.0", hash="sha256:2304")
    assert list(read_cargo(lock, tmp_path)) == [expected]
    sums = tmp_path / "go.sum"
    sums.write_text("golang.org/x/text v0.3.0 h1:abc=\ngolang.org/x/text v0.3.0/go.mod h1:def=\n")
    assert list(read_go(sums)) == [Package("golang.org/x/text", "v0.3.0", "golang", hash="h1:abc=")]
