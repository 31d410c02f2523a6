"""Environments: what a manifest means on this machine."""

import importlib
import sys
from pathlib import Path

import pytest

from execution.environments import RUNNERS_FOLDER, Environment, Manifest, list_available, load_environments

PYTHON = sys.executable
EVERY = pytest.mark.parametrize("environment", load_environments(), ids=lambda found: found.id)


def make_environment(folder: Path, **fields: object) -> Environment:
    """An environment whose toolchain is this Python, unless `fields` say otherwise."""
    settings = {
        "id": "x",
        "display_name": "X",
        "language": "x",
        "toolchains": (PYTHON,),
        "minimum_version": "3.0",
        "command": ("{toolchain}",),
        "default_entry": "src/{name}.x",
        "packages_folder": ".packages",
    }
    return Environment(Manifest(**{**settings, **fields}), folder)  # type: ignore[arg-type]


@EVERY
def test_a_manifest_names_what_is_there(environment: Environment) -> None:
    manifest = environment.manifest
    assert environment.runner_folder.is_dir()
    builder = importlib.import_module(f"execution.builds.{manifest.builder}")
    assert callable(builder.check)
    assert callable(builder.install)
    assert manifest.display_name
    assert manifest.toolchains
    if manifest.main:
        assert {path.suffix for path in environment.folder.glob(f"{Path(manifest.main).stem}*")} == {
            Path(manifest.main).suffix
        }
        assert manifest.load_pattern
    if manifest.compile:
        assert any("{output}" in part for part in manifest.compile)


@EVERY
def test_a_template_has_the_entry_that_the_manifest_promises(environment: Environment) -> None:
    assert environment.default_entry("greeter") in environment.template_files("greeter")


def test_ids_and_languages_are_told_apart() -> None:
    environments = load_environments()
    assert len({found.id for found in environments}) == len(environments)
    assert len({found.language for found in environments}) == len(environments)
    assert {path.parent.name for path in RUNNERS_FOLDER.glob("*/manifest.toml")} >= {"python", "javascript", "ruby"}


def test_python_is_available_and_its_version_is_found(tmp_path: Path) -> None:
    assert "python3" in {found.id for found in list_available()}
    toolchain = make_environment(tmp_path).find_toolchain()
    assert toolchain is not None
    assert toolchain.version == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    "fields",
    [
        {"toolchains": ("/nowhere/x",)},
        {"toolchains": ("path:no-such-program",)},
        {"toolchains": ("glob:/nowhere/*/x",)},
        {"toolchains": ("package:no_such_package/x",)},
        {"requires": ("/nowhere/*.so",)},
    ],
)
def test_what_is_not_there_is_not_available(tmp_path: Path, fields: dict[str, object]) -> None:
    environment = make_environment(tmp_path, **fields)
    assert not environment.available
    assert environment.find_toolchain() is None
    assert environment.find_runtime() is None


@pytest.mark.parametrize(
    "fields", [{"minimum_version": "99.0"}, {"version_command": ("{toolchain}", "-c", "print('3.9'); exit(1)")}]
)
def test_what_is_too_old_or_does_not_work_is_no_toolchain(tmp_path: Path, fields: dict[str, object]) -> None:
    environment = make_environment(tmp_path, **fields)
    assert environment.available
    assert environment.find_toolchain() is None


def test_a_pattern_finds_the_last_by_name(tmp_path: Path) -> None:
    for version in ("1.2", "1.9"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "x").symlink_to(PYTHON)
    toolchain = make_environment(tmp_path, toolchains=(f"glob:{tmp_path}/*/bin/x",)).find_toolchain()
    assert toolchain is not None
    assert toolchain.executable == tmp_path / "1.9" / "bin" / "x"
    assert toolchain.prefix == tmp_path / "1.9"


def test_a_script_on_the_path_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "x-of-this-test"
    script.write_text("#!/bin/sh\necho 1.0\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not make_environment(tmp_path, toolchains=("path:x-of-this-test",)).available
    assert make_environment(tmp_path, toolchains=(str(script),), minimum_version="1.0").find_toolchain() is not None


def test_what_runs_alone_needs_no_folder_of_its_toolchain(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "x").symlink_to(PYTHON)
    alone = make_environment(tmp_path, toolchains=(str(tmp_path / "bin" / "x"),), runs_alone=True)
    assert alone.find_toolchain().prefix == tmp_path  # type: ignore[union-attr]
    assert alone.find_runtime().prefix is None  # type: ignore[union-attr]
