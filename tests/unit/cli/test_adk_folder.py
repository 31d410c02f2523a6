"""Folders without an agora.toml: which are recognised as written for Algorithmia, and as what."""

from pathlib import Path

import pytest

from marketplace.cli.adk_folder import read_adk_folder

ADK = "from adk import ADK\n\n\ndef apply(input):\n    return input\n\n\nADK(apply).init('x')\n"


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_conf_names_algorithm_and_language(tmp_path: Path) -> None:
    conf = '{"username": "ann", "algoname": "Greeter", "language": "python3-1"}'
    folder = write(
        tmp_path, {"algorithmia.conf": conf, "src/a.py": "def apply(x): 0", "src/greeter.py": "def apply(x): 1"}
    )
    manifest = read_adk_folder(folder)
    assert manifest is not None
    assert (manifest.name, manifest.environment, manifest.entry) == ("Greeter", "python3", "src/greeter.py")
    assert manifest.permissions.calls_others
    assert not manifest.permissions.network
    assert not manifest.public


@pytest.mark.parametrize(
    ("language", "file", "environment"),
    [
        ("java11", "src/main/java/com/algorithmia/algorithm/Algorithm.java", "java"),
        ("javascript", "src/x.js", "javascript"),
        ("scala-2", "src/main/scala/X.scala", "scala"),
        ("r36", "src/x.R", "r"),
        ("rust", "src/main.rs", "rust"),
        ("ruby", "src/x.rb", "ruby"),
        ("csharp-dotnet-core2", "src/Algorithm.cs", "csharp"),
        ("anaconda3", "src/x.py", "python3"),
    ],
)
def test_each_language_has_its_place(tmp_path: Path, language: str, file: str, environment: str) -> None:
    folder = write(
        tmp_path, {"algorithmia.conf": f'{{"algoname": "x", "language": "{language}"}}', file: "apply(input)"}
    )
    manifest = read_adk_folder(folder)
    assert manifest is not None
    assert (manifest.environment, manifest.entry) == (environment, file)


def test_the_source_or_the_marker_is_enough(tmp_path: Path) -> None:
    by_source = write(tmp_path / "one", {"src/main.py": ADK, "src/main_test.py": ADK})
    assert read_adk_folder(by_source).entry == "src/main.py"  # type: ignore[union-attr]
    by_marker = write(tmp_path / "two", {"src/main.py": "def apply(x): return x", ".adk": ""})
    assert read_adk_folder(by_marker).name == "two"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"src/main.py": "def apply(x): return x"},
        {"algorithmia.conf": "{", "src/main.py": "def apply(x): return x"},
        {"algorithmia.conf": '{"algoname": "not a name", "language": "python3"}', "src/main.py": "def apply(x): 0"},
        {"algorithmia.conf": '{"algoname": "x", "language": "ruby"}', "src/main.py": "def apply(x): 0"},
    ],
)
def test_other_folders_are_not(tmp_path: Path, files: dict[str, str]) -> None:
    assert read_adk_folder(write(tmp_path / "other", files)) is None
