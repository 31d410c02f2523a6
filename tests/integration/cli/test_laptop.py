"""agora run and agora test: a folder on the author's machine, in slots of a real agent."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from marketplace.cli.main import main

ALGORITHM = """
import os
import time


def apply(input):
    print("I got", input)
    if input == "fail":
        raise ValueError("not today")
    if input == "sleep":
        time.sleep(60)
    if input == "hog":
        return len(bytearray(1 << 30))
    if input == "look":
        return [os.path.exists("/home"), os.path.exists("/root")]
    return input if isinstance(input, bytes) else [input, len(input)]
"""
SAMPLES = """
[[samples]]
name = "order of members"
input = '{"a": 1, "b": 2}'
expected = '[{"b": 2, "a": 1}, 2]'

[[samples]]
name = "text"
content_type = "text"
input = "abc"

[[samples]]
name = "bytes"
content_type = "binary"
input = "AAEC"
expected = '"AAEC"'
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    assert agora("init", "echo").exit_code == 0
    folder = tmp_path / "echo"
    (folder / "src" / "echo.py").write_text(ALGORITHM)
    return folder


def agora(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, arguments, input=stdin)


def add_to_manifest(folder: Path, text: str, *, seconds: int = 30) -> None:
    manifest = folder / "agora.toml"
    kept = manifest.read_text("utf-8").replace("timeout_seconds = 30", f"timeout_seconds = {seconds}")
    manifest.write_text(kept + text, "utf-8")


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the commands make their folders: short, since sockets are opened in them."""
    with tempfile.TemporaryDirectory(prefix="cli-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_a_folder_is_run(folder: Path, scratch: Path) -> None:
    result = agora("run", "echo", stdin='{"a": [1]}')
    assert result.exit_code == 0, result.output
    assert result.stdout == '[\n  {\n    "a": [\n      1\n    ]\n  },\n  1\n]\n'
    assert "I got {'a': [1]}" in result.stderr
    assert "MiB at most" in result.stderr
    assert not list(scratch.iterdir())
    (folder / "photo.bin").write_bytes(b"\0\xff")
    assert agora("run", "echo", "--file", "echo/photo.bin").stdout_bytes == b"\0\xff"


def test_a_failure_shows_where(folder: Path) -> None:
    result = agora("run", str(folder), "--text", "fail")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "line 9, in apply" in result.stderr
    assert "I got fail" in result.stderr
    assert "calls of them fail here" not in result.stderr
    assert result.stderr.endswith("Error: not today (ValueError)\n")


def test_other_algorithms_are_not_here(folder: Path) -> None:
    manifest = folder / "agora.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("calls_others = false", "calls_others = true"), "utf-8")
    (folder / "src" / "echo.py").write_text(
        "import agora\n\n\ndef apply(input):\n    return agora.call('a/b', input)\n"
    )
    result = agora("run", "echo", "--data", "1")
    assert (result.exit_code, "calls of them fail here" in result.stderr) == (1, True)


def test_the_limits_are_the_platforms(folder: Path) -> None:
    add_to_manifest(
        folder,
        "".join(f'[[samples]]\nname = "{word}"\ninput = \'"{word}"\'\n' for word in ("sleep", "hog", "look")),
        seconds=2,
    )
    result = agora("test", "echo")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith("FAILED sleep: algorithm did not complete within 2.")
    assert lines[1].startswith("FAILED hog: "), lines
    assert lines[2] == "passed look"
    assert result.stderr.endswith("Error: 2 of 3 samples not passed: sleep, hog.\n")
    assert agora("run", "echo", "--text", "look").stdout.split() == ["[", "false,", "false", "]"]


def test_samples_are_compared_as_when_publishing(folder: Path) -> None:
    add_to_manifest(folder, SAMPLES)
    result = agora("test", "echo")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "3 of 3 samples passed."), result.output
    manifest = folder / "agora.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("'\"AAEC\"'", "'\"AAED\"'"), "utf-8")
    result = agora("test", "echo")
    assert result.exit_code == 1
    assert 'FAILED bytes: it answered "AAEC", and should "AAED"' in result.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[samples]]\nname = \"a\"\ninput = '1'\nexpected = 'hello'\n", "what is expected of a must be JSON"),
        ('[[samples]]\nname = "a"\ninput = \'?\'\ncontent_type = "binary"\n', "the input of a is not base64"),
        ("[[samples]]\nname = \"a\"\ninput = 'x'\n", "the input of a cannot be sent: The body is not JSON"),
    ],
)
def test_samples_that_cannot_be_right(folder: Path, text: str, said: str) -> None:
    add_to_manifest(folder, text)
    result = agora("test", "echo")
    assert result.exit_code == 1
    assert said in result.output


def test_what_cannot_be_built(folder: Path) -> None:
    (folder / "src" / "echo.py").write_text("def apply(:\n")
    result = agora("run", "echo", "--data", "1")
    assert result.exit_code == 1
    assert "Error: The build failed: Syntax error in src/echo.py" in result.stderr


def test_a_machine_without_bubblewrap_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "programs"))
    assert shutil.which("bwrap") is None
    result = agora("run", "echo", "--data", "1")
    assert result.exit_code == 1
    assert (
        "Nothing can be run on this machine: bubblewrap is missing: run `apt-get install bubblewrap`." in result.stderr
    )


def test_a_folder_without_samples(folder: Path) -> None:
    manifest = folder / "agora.toml"
    manifest.write_text(manifest.read_text("utf-8").replace("[sample]\ninput = '\"world\"'\n", ""), "utf-8")
    result = agora("test", "echo")
    assert (result.exit_code, "has no samples: add a [[samples]]" in result.stderr) == (1, True)
