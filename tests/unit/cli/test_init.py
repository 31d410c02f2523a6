"""agora init"""

from pathlib import Path

import pytest
from click.testing import CliRunner

from marketplace.cli.main import main
from marketplace.cli.manifest import read_manifest


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["init", *arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("options", "entry"),
    [
        ((), "src/greeter.py"),
        (("--language", "JavaScript"), "src/greeter.js"),
        (("--language", "python3"), "src/greeter.py"),
    ],
)
def test_it_starts_an_algorithm(here: Path, options: tuple[str, ...], entry: str) -> None:
    code, output = run("greeter", *options)
    assert code == 0
    assert output == f"Wrote greeter/: edit {entry}, try it by `agora run greeter`, then `agora publish greeter`.\n"
    assert read_manifest(here / "greeter").entry_path() == entry
    assert (here / "greeter" / "README.md").is_file()


def test_an_empty_folder_may_be_there(here: Path) -> None:
    (here / "greeter").mkdir()
    assert run("greeter")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("2fast",), "cannot be a name"),
        (("../up",), "cannot be a name"),
        (("greeter", "--language", "cobol"), "There is no template for 'cobol': choose one of "),
        (("full",), "exists and is not empty"),
        (("file",), "exists and is not empty"),
    ],
)
def test_it_says_what_is_wrong(here: Path, arguments: tuple[str, ...], message: str) -> None:
    (here / "full").mkdir()
    (here / "full" / "mine").write_text("x")
    (here / "file").write_text("x")
    code, output = run(*arguments)
    assert code == 1
    assert message in output
    assert (here / "full" / "mine").read_text() == "x"


def test_help_lists_every_command_without_loading_the_platform() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in ("init", "login", "publish", "call", "up"):
        assert f"\n  {name} " in result.output
