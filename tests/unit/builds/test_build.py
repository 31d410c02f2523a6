"""Both languages, from a source archive to an artifact."""

import tarfile
import time
from collections.abc import Callable

import pytest

from execution.builds.artifact import BuiltArtifact
from execution.builds.base import BuildLimits
from execution.builds.steps import Steps, passed_on
from execution.builds.watch import Allowance
from execution.errors import BuildFailed
from tests.unit.builds.conftest import Bench

Content = Callable[[BuiltArtifact], dict[str, bytes]]
PYTHON = {"src/x.py": "def apply(input):\n    return input\n"}
JAVASCRIPT = {"src/x.js": "exports.apply = (input) => input;\n"}


def test_a_python_source_becomes_the_artifact(bench: Bench, content_of: Content) -> None:
    artifact = bench.build(PYTHON | {"data/words.txt": "a b"}, entry="src/x.py")
    assert content_of(artifact) == {"data/words.txt": b"a b", "src/x.py": PYTHON["src/x.py"].encode()}
    assert "Packing the artifact" in bench.log


def test_python_dependencies_are_installed_and_compiled(bench: Bench, content_of: Content) -> None:
    names = content_of(bench.build(PYTHON | {"requirements.txt": "six==1.17.0  # pinned\n"}, entry="src/x.py"))
    assert ".packages/six.py" in names
    assert any(name.startswith(".packages/__pycache__/six.") for name in names)
    assert any("six==1.17.0" in line for line in bench.log)


def test_javascript_dependencies_are_installed_where_node_finds_them(bench: Bench, content_of: Content) -> None:
    package = '{"name": "x", "dependencies": {"is-number": "7.0.0"}}'
    names = content_of(bench.build(JAVASCRIPT | {"package.json": package}, entry="src/x.js", environment="javascript"))
    assert "node_modules/is-number/index.js" in names
    assert "src/x.js" in names


@pytest.mark.parametrize(
    ("files", "entry", "environment"),
    [
        (PYTHON | {"requirements.txt": "six==1.17.0\nidna==3.10\n"}, "src/x.py", "python3"),
        (JAVASCRIPT | {"package.json": '{"dependencies": {"is-odd": "3.0.1"}}'}, "src/x.js", "javascript"),
    ],
)
def test_two_builds_of_one_source_are_the_same(
    bench: Bench, files: dict[str, str], entry: str, environment: str
) -> None:
    first = bench.build(files, entry=entry, environment=environment)
    second = bench.build(files, entry=entry, environment=environment)
    assert first.digest == second.digest
    assert first.path.read_bytes() == second.path.read_bytes()


def test_the_artifact_names_no_owner_and_no_time(bench: Bench) -> None:
    with tarfile.open(bench.build(PYTHON, entry="src/x.py").path) as tar:
        members = tar.getmembers()
    assert [info.name for info in members] == ["src", "src/x.py"]
    assert {(info.uid, info.gid, info.uname, info.gname, info.mtime) for info in members} == {(0, 0, "", "", 0)}


@pytest.mark.parametrize(
    ("files", "entry", "environment", "message"),
    [
        (PYTHON, "src/y.py", "python3", "There is no file 'src/y.py' in the source"),
        (PYTHON, "../x.py", "python3", "must be a path inside the source"),
        (PYTHON, "src/x.py", "cobol", "no environment called 'cobol'"),
        ({"src/x.py": "x = 1\ndef apply(input:\n"}, "src/x.py", "python3", r"src/x\.py, line 2: "),
        ({"src/x.py": "x = 1\0"}, "src/x.py", "python3", r"Syntax error in src/x\.py.*null bytes"),
        ({"src/x.py": "x = " + "(" * 5000}, "src/x.py", "python3", r"Syntax error in src/x\.py"),
        ({"src/x.js": "let y;\nlet z = ;"}, "src/x.js", "javascript", r"src/x\.js, line 2: Unexpected token"),
        ({"src/x.js": "\nexport const a = ;"}, "src/x.js", "javascript", r"src/x\.js, line 2: Unexpected token"),
    ],
)
def test_it_says_what_the_author_must_mend(
    bench: Bench, files: dict[str, str], entry: str, environment: str, message: str
) -> None:
    with pytest.raises(BuildFailed, match=message):
        bench.build(files, entry=entry, environment=environment)


def test_an_es_module_is_no_syntax_error(bench: Bench) -> None:
    text = "#!/usr/bin/env node\nimport fs from 'fs';\nexport const apply = (input) => input;\nawait 1;\n"
    assert bench.build({"src/x.js": text}, entry="src/x.js", environment="javascript").digest


@pytest.mark.parametrize(
    "line",
    [
        "-r /etc/passwd",
        "-e .",
        "--index-url https://x.example",
        "./local.whl",
        "name @ file:///etc/passwd",
        "a/b.whl",
        pytest.param("a" + " " * 20_000 + "b", id="spaces"),
    ],
)
def test_requirements_are_packages_only(bench: Bench, line: str) -> None:
    with pytest.raises(BuildFailed, match=r"requirements\.txt, line 2: .* is not a package"):
        bench.build(PYTHON | {"requirements.txt": f"six\n{line}\n"}, entry="src/x.py")


def test_requirements_may_have_versions_extras_and_markers(bench: Bench, content_of: Content) -> None:
    text = "six[none] >=1.16, <2 ; python_version >= '3.8'\nidna==3.10; python_version < '3'\n"
    names = content_of(bench.build(PYTHON | {"requirements.txt": text}, entry="src/x.py"))
    assert ".packages/six.py" in names
    assert ".packages/idna/__init__.py" not in names


def test_a_hash_that_does_not_fit_is_refused(bench: Bench) -> None:
    text = f"idna==3.10 \\\n    --hash=sha256:{'0' * 64}\n"
    with pytest.raises(BuildFailed, match="could not be installed"):
        bench.build(PYTHON | {"requirements.txt": text}, entry="src/x.py")
    assert any("hash" in line.lower() for line in bench.log)


def test_an_unknown_package_is_named_in_the_log(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match=r"requirements\.txt could not be installed"):
        bench.build(PYTHON | {"requirements.txt": "six==0.0.999\n"}, entry="src/x.py")
    assert any("six" in line and "0.0.999" in line for line in bench.log)


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("{", r"package\.json is not valid JSON"),
        ("[]", "must be a JSON object"),
        ('{"dependencies": {"a": "file:../.."}}', "'a' must name a published version"),
        ('{"dependencies": {"a": "git+ssh://x/y"}}', "'a' must name a published version"),
        ('{"dependencies": {"a": "someone/thing"}}', "'a' must name a published version"),
    ],
)
def test_package_json_names_published_versions(bench: Bench, package: str, message: str) -> None:
    with pytest.raises(BuildFailed, match=message):
        bench.build(JAVASCRIPT | {"package.json": package}, entry="src/x.js", environment="javascript")


def test_packages_of_the_source_are_left_out(bench: Bench, content_of: Content) -> None:
    files = JAVASCRIPT | {"node_modules/evil/index.js": "1"}
    assert set(content_of(bench.build(files, entry="src/x.js", environment="javascript"))) == {"src/x.js"}
    assert "The source's own node_modules is left out" in bench.log


def test_a_build_ends_when_its_time_is_over(bench: Bench) -> None:
    started = time.monotonic()
    steps = Steps(seconds=1, log=bench.log.append, allowance=Allowance(1 << 30, 1 << 40))
    with pytest.raises(BuildFailed, match="longer than 1 seconds"):
        steps.run(["sh", "-c", "echo begun; sleep 60 & sleep 60"], folder=bench.folder)
    assert time.monotonic() - started < 10
    assert bench.log == ["begun"]


def test_a_build_that_begins_too_late_does_not_run(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match="longer than"):
        bench.build(PYTHON, entry="src/x.py", limits=BuildLimits(seconds=0))


def test_no_secret_reaches_a_step() -> None:
    seen = passed_on({"AGORA_SECRET_KEY": "s", "DATABASE_URL": "d", "PATH": "p", "UV_INDEX": "i", "https_proxy": "h"})
    assert seen == {"PATH": "p", "UV_INDEX": "i", "https_proxy": "h"}
