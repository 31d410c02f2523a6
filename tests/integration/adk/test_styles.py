"""Folders as they were written for Algorithmia, one for each style: each is recognised, built, and answers in a slot.

tests/clients publishes the same folders, and that of Rust, which takes minutes to compile.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import pytest

from execution.environments import find_environment
from marketplace.cli.adk_folder import read_adk_folder
from tests.conformance.bench import Bench, make_bench
from tests.conformance.slot import Ended, Refused, Slot

FOLDERS = Path(__file__).parents[2] / "clients" / "algorithms"
STYLES = sorted(path.name for path in FOLDERS.iterdir() if re.match("(adk|handler|template)_(?!rust)", path.name))


def files_of(name: str) -> dict[str, bytes]:
    root = FOLDERS / name
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


class Styles:
    """Builds folders, each once, as `agora publish` would have them built."""

    def __init__(self, cache: Path, stack: ExitStack) -> None:
        self._cache = cache
        self._stack = stack
        self._built: dict[str, tuple[Bench, Path, str]] = {}

    @contextmanager
    def serve(
        self, name: str, *, entry_text: bytes = b"", variables: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Slot]:
        """A slot that has loaded the folder; `entry_text` stands for its own file, if there is one."""
        key = f"{name} {hash(entry_text)}"
        if key not in self._built:
            self._built[key] = self._build(name, entry_text)
        bench, version, entry = self._built[key]
        with bench.boot(version) as slot:
            order = {"directory": "/algorithm", "entry": entry, "environment_variables": dict(variables)}
            assert "loaded" in slot.ask({"load": order}, 60)
            yield slot

    def _build(self, name: str, entry_text: bytes) -> tuple[Bench, Path, str]:
        manifest = read_adk_folder(FOLDERS / name)
        assert manifest is not None
        assert manifest.name == name
        environment = find_environment(manifest.environment)
        assert environment is not None
        if environment.find_toolchain() is None:
            pytest.skip(f"needs the toolchain of {manifest.environment}")
        bench = self._stack.enter_context(make_bench(environment, self._cache))
        files = files_of(name)
        files[manifest.entry] = entry_text or files[manifest.entry]
        return bench, bench.build(files, entry=manifest.entry), manifest.entry


@pytest.fixture(scope="module")
def styles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Styles]:
    with ExitStack() as stack:
        yield Styles(tmp_path_factory.mktemp("cache"), stack)


@pytest.mark.parametrize("name", STYLES)
def test_it_answers_and_fails_as_its_author_wrote(name: str, styles: Styles) -> None:
    with styles.serve(name) as slot:
        assert slot.call("Ann") == "Hello Ann"
        with pytest.raises(Refused, match="no greeting for fail"):
            slot.call("fail")
        assert slot.call("Bob") == "Hello Bob"


def test_overloads_take_a_list_spread_over_their_parameters_or_json_as_text(styles: Styles) -> None:
    with styles.serve("template_java") as slot:
        assert slot.call([2, 3]) == 5
        assert slot.call({"a": [1]}) == {"given": {"a": [1]}}


GREETING = 'a "quoted" \\ line\nand äü🍎 }'
BRIDGED = b"""
from Algorithmia import ADK
import os, sys, time

def apply(input):
    if input == "exit": os._exit(7)
    if input == "kill": os.kill(os.getpid(), 9)
    if input == "twice": algorithm.write_to_pipe('{"result": 1, "metadata": {"content_type": "json"}}')
    if input == "odd":
        error = ValueError('with "error_type": 7 in it')
        error.error_type = 5
        raise error
    if input == "variable": return os.environ["GREETING"]
    if input == "arguments": return open(f"/proc/{os.getppid()}/cmdline").read()
    if isinstance(input, dict) and "print" in input: print("x" * input["print"])
    return input

algorithm = ADK(apply)
algorithm.init("x")
"""


@pytest.fixture
def bridged(styles: Styles) -> Iterator[Slot]:
    with styles.serve("adk_python", entry_text=BRIDGED, variables={"OTHER": "", "GREETING": GREETING}) as slot:
        yield slot


def test_the_programs_environment_has_the_variables_of_the_order(bridged: Slot) -> None:
    assert bridged.call("variable") == GREETING
    arguments = bridged.call("arguments")
    assert "main_loop.py" in arguments
    assert "GREETING" not in arguments, "everybody on the machine can read them"


@pytest.mark.parametrize(
    "value",
    [
        '"}]{[\\',
        {"a": ["}", {"b": '\\"'}], "": None},
        b"\0\xff\n" * 1_000_000,
        "ä🍎\n\r\u2028",
        [],
        "",
        {"print": 300_000},
    ],
)
def test_every_value_crosses_the_bridge_unchanged(bridged: Slot, value: object) -> None:
    assert bridged.call(value) == value
    assert bridged.call("next") == "next"


def test_an_error_type_that_is_no_text_becomes_the_usual_one(bridged: Slot) -> None:
    with pytest.raises(Refused) as refused:
        bridged.call("odd")
    assert (refused.value.kind, refused.value.message) == ("AlgorithmError", 'with "error_type": 7 in it')


@pytest.mark.parametrize(("word", "code"), [("exit", 7), ("kill", 128 + 9)])
def test_the_end_of_the_program_is_the_end_of_the_slot(bridged: Slot, word: str, code: int) -> None:
    with pytest.raises(Ended):
        bridged.call(word)
    assert bridged.process.wait(5) == code


def test_an_answer_that_nothing_asked_for_ends_the_slot(bridged: Slot) -> None:
    with suppress(Ended):  # it may get the first of the two
        bridged.call("twice")
    assert bridged.process.wait(5) != 0
