"""What builds of the other languages refuse, with a sentence for the author. tests/conformance runs what they make."""

from pathlib import Path

import pytest

from execution.builds.kept_folders import keep_folder
from execution.builds.maven import read_dependencies
from execution.builds.scripts import fill_command
from execution.environments import find_environment
from execution.errors import BuildFailed
from tests.unit.builds.conftest import Bench

CARGO = '[package]\nname = "x"\nversion = "0.1.0"\n'
INNER = CARGO + '[dependencies]\ny = {path = "inner"}\n'
GIT = CARGO.replace("x", "y") + '[dependencies]\nz = {git = "http://127.0.0.1:9/z"}\n'
BEYOND = CARGO.replace("x", "y") + '[dependencies]\nz = {path = "../../../z"}\n'


def need(environment: str) -> None:
    found = find_environment(environment)
    if found is None or found.find_toolchain() is None:
        pytest.skip(f"needs the toolchain of {environment}")


@pytest.mark.parametrize(
    ("environment", "files", "message"),
    [
        ("ruby", {"src/x.rb": "def apply(", "entry": "src/x.rb"}, r"Syntax error in src/x\.rb"),
        ("ruby", {"src/x.rb": "", "Gemfile": "gem 'rails'", "entry": "src/x.rb"}, "Gemfile is not installed.*vendor/"),
        ("php", {"src/x.php": "<?php function (", "entry": "src/x.php"}, r"Syntax error in src/x\.php"),
        ("perl", {"src/x.pl": "sub apply {", "entry": "src/x.pl"}, r"Syntax error in src/x\.pl"),
        ("lua", {"src/x.lua": "function apply(", "entry": "src/x.lua"}, r"Syntax error in src/x\.lua"),
        (
            "r",
            {"src/x.R": "1", "DESCRIPTION": "Package: x\nImports: nosuchpackage (>= 1)\n", "entry": "src/x.R"},
            "imports packages that this platform lacks",
        ),
        ("c", {"src/x.c": "int y;", "entry": "src/x.c"}, "could not be built"),
        ("binary", {"bin/algorithm": "plain text", "entry": "bin/algorithm"}, "is no program"),
        ("rust", {"src/lib.rs": "", "entry": "src/lib.rs"}, r"no Cargo\.toml"),
        (
            "rust",
            {"src/lib.rs": "", "entry": "src/lib.rs", "Cargo.toml": CARGO + '[dependencies]\ny = {path = "../y"}\n'},
            "leads out of the source",
        ),
        (
            "rust",
            {
                "src/lib.rs": "",
                "entry": "src/lib.rs",
                "Cargo.toml": CARGO + '[patch.crates-io]\ny = {git = "https://y"}\n',
            },
            "git is not supported",
        ),
        (
            "rust",
            {"src/lib.rs": "", "entry": "src/lib.rs", "Cargo.toml": INNER, "inner/Cargo.toml": GIT},
            "git is not supported",
        ),
        (
            "rust",
            {"src/lib.rs": "", "entry": "src/lib.rs", "Cargo.toml": INNER, "inner/Cargo.toml": BEYOND},
            "leads out of the source",
        ),
        (
            "rust",
            {"src/lib.rs": "", "entry": "src/lib.rs", "Cargo.toml": CARGO + "[workspace]\nmembers = ['/etc/*']\n"},
            "leads out of the source",
        ),
        (
            "rust",
            {"src/lib.rs": "", "entry": "src/lib.rs", "Cargo.toml": CARGO + "[dependencies.y]\nregistry-index = 'x'\n"},
            "registry-index is not supported",
        ),
        (
            "rust",
            {"src/lib.rs": "", "entry": "src/lib.rs", "Cargo.toml": CARGO + "[" + "a." * 5_000 + "b]\n"},
            "nested too deeply",
        ),
        (
            "go",
            {"x.go": "package x", "entry": "x.go", "go.mod": "module x\n\nreplace y => ../y\n"},
            "a folder outside the source",
        ),
        ("go", {"x.go": "package x", "entry": "x.go", "agora-program/main.go": ""}, "is the platform's"),
        ("elixir", {"lib/x.ex": "defmodule X do end", "entry": "lib/x.ex"}, "no module called Algorithm"),
    ],
)
def test_it_says_what_the_author_must_mend(bench: Bench, environment: str, files: dict[str, str], message: str) -> None:
    need(environment)
    sources = {name: text for name, text in files.items() if name != "entry"}
    with pytest.raises(BuildFailed, match=message):
        bench.build(sources, entry=files["entry"], environment=environment)


def test_the_syntax_of_perl_is_checked_where_its_begin_blocks_do_no_harm(bench: Bench, tmp_path: Path) -> None:
    need("perl")
    witness = tmp_path / "witness"
    code = f"BEGIN {{ open my $file, '>', '{witness}' }} sub apply {{ 1 }} 1;"
    bench.build({"src/x.pl": code}, entry="src/x.pl", environment="perl")
    assert not witness.exists()


def test_a_c_source_includes_no_file_of_the_machine(bench: Bench) -> None:
    need("c")
    with pytest.raises(BuildFailed, match="could not be built"):
        bench.build({"src/x.c": '#include "/etc/shadow"\n'}, entry="src/x.c", environment="c")
    assert any("No such file" in line for line in bench.log)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<project>", "not valid XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><project/>', "must not declare a document type"),
        (
            "<project><dependencies><dependency><groupId>a</groupId></dependency></dependencies></project>",
            "must have a groupId, an artifactId and a version",
        ),
        (
            "<project><dependencies><dependency><groupId>a</groupId><artifactId>b</artifactId>"
            "<version>${x}</version></dependency></dependencies></project>",
            "written out",
        ),
    ],
)
def test_a_pom_names_published_jars(tmp_path: Path, text: str, message: str) -> None:
    pom = tmp_path / "pom.xml"
    pom.write_text(text)
    with pytest.raises(BuildFailed, match=message):
        read_dependencies(pom)


def test_of_a_pom_only_the_coordinates_count(tmp_path: Path) -> None:
    pom = tmp_path / "pom.xml"
    pom.write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><build><plugins><plugin/></plugins></build><dependencies>'
        "<dependency><groupId>a</groupId><artifactId>b</artifactId><version>1.0</version></dependency>"
        "<dependency><groupId>c</groupId><artifactId>d</artifactId><version>2</version><scope>test</scope></dependency>"
        "</dependencies></project>"
    )
    assert read_dependencies(pom) == [{"groupId": "a", "artifactId": "b", "version": "1.0"}]


def test_a_command_is_filled() -> None:
    command = fill_command(
        ("{toolchain}", "-o{output}", "{sources}", "-lm"), {"{toolchain}": "cc", "{output}": "x"}, ["a", "b"]
    )
    assert command == ["cc", "-ox", "a", "b", "-lm"]


def test_a_folder_is_kept_once(tmp_path: Path) -> None:
    for text in ("first", "second"):
        (tmp_path / text).mkdir()
        (tmp_path / text / "file").write_text(text)
        keep_folder(tmp_path / text, tmp_path / "cache" / "kept")
    assert (tmp_path / "cache" / "kept" / "file").read_text() == "first"
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["kept"]
