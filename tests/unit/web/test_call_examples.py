"""Calls as code: each is right in its language, and sends exactly the sample."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from marketplace.cli.main import main
from marketplace.web.store.call_examples import LONGEST_INLINE_CHARACTERS, is_long, make_call_examples

ADDRESS = "https://agora.example"
SAMPLES = [
    "",
    '"hello"',
    "null",
    "true",
    "-1.5e3",
    "123456789012345678901234567890",
    "[]",
    "{}",
    '"it\'s \\"quoted\\" and \\\\ and \\n and $HOME `id` !x"',
    '"</script><script>alert(1)</script> \u2028 \U0001f34e \u00e4"',
    '{"image": "data://a/b.jpg", "threshold": 0.5, "labels": ["person", true, null], "deep": {"a": [{"b": []}]}}',
    json.dumps({f"key {number}": "a long value that needs a line" for number in range(3)}),
    "[" * 100 + "]" * 100,
    json.dumps("a word " * 30),
    '{"text": "' + "x" * LONGEST_INLINE_CHARACTERS + '"}',
]
NODE = Path(sys.executable).with_name("node")
FETCH = """
globalThis.fetch = async (address, options) => {
  console.error(JSON.stringify({ address, ...options }));
  return { json: async () => ({ result: 42 }) };
};
"""


def example(language: str, sample: str) -> str:
    found = {each.id: each.code for each in make_call_examples(address=ADDRESS, full_name="ada/sort", sample=sample)}
    return found[language]


@pytest.fixture
def folder(tmp_path: Path, sample: str) -> Path:
    """Where the sample was saved as input.json, as the page says."""
    (tmp_path / "input.json").write_text(sample or '"hello"', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("sample", SAMPLES)
def test_curl(sample: str) -> None:
    assert words_of(example("curl", sample)) == [
        "curl", f"{ADDRESS}/v1/algo/ada/sort",
        "-H", "Authorization: Simple YOUR_API_KEY",
        "-H", "Content-Type: application/json",
        "-d", "@input.json" if is_long(sample) else sample or '"hello"',
    ]  # fmt: skip


def words_of(command: str) -> list[str]:
    """The command's words, as a shell takes them."""
    name = command.split(maxsplit=1)[0]
    script = f"{name}() {{ printf '%s\\0' {name} \"$@\"; }}; {command}"
    ran = subprocess.run(["bash", "-e", "-c", script], capture_output=True, text=True, check=True)
    return ran.stdout.split("\0")[:-1]


@pytest.mark.parametrize("sample", SAMPLES)
def test_python(sample: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = example("python", sample)
    imports = [name.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import) for name in node.names]
    assert "requests" in imports
    monkeypatch.chdir(folder)
    assert run_python(code) == json.loads(sample or '"hello"')


def run_python(code: str) -> Any:
    """What the code sends, with a stand-in for requests."""
    sent = []

    class Requests:
        @staticmethod
        def post(address: str, headers: dict[str, str], json: Any) -> Any:
            assert (address, headers) == (f"{ADDRESS}/v1/algo/ada/sort", {"Authorization": "Simple YOUR_API_KEY"})
            sent.append(json)
            return Requests

        @staticmethod
        def json() -> Any:
            return {"result": 42}

    names: dict[str, Any] = {"requests": Requests}
    exec(compile(code.replace("import requests\n", ""), "example.py", "exec"), names)
    [value] = sent
    return value


@pytest.mark.parametrize("sample", SAMPLES)
def test_javascript(sample: str, folder: Path) -> None:
    (folder / "example.mjs").write_text(FETCH + example("javascript", sample), encoding="utf-8")
    ran = subprocess.run([NODE, "example.mjs"], cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "42\n"), ran.stderr
    sent = json.loads(ran.stderr)
    assert sent["address"] == f"{ADDRESS}/v1/algo/ada/sort"
    assert sent["method"] == "POST"
    assert sent["headers"] == {"Authorization": "Simple YOUR_API_KEY", "Content-Type": "application/json"}
    assert json.loads(sent["body"], parse_int=float) == json.loads(sample or '"hello"', parse_int=float)


@pytest.mark.parametrize("sample", SAMPLES)
def test_agora(sample: str) -> None:
    words = words_of(example("agora", sample))
    assert words[-1] == ("input.json" if is_long(sample) else sample or '"hello"')
    assert known_to_the_command(words)


def known_to_the_command(words: list[str]) -> bool:
    """Whether `agora` has the command and every option."""
    ran = CliRunner().invoke(main, [*words[1:], "--help"])
    return words[0] == "agora" and ran.exit_code == 0 and all(word in ran.output for word in words if word[:2] == "--")
