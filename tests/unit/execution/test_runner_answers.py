"""What the runners of Python and JavaScript answer in cases that those of other languages do not have."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from execution.environments import RUNNERS_FOLDER, find_environment

SECONDS = 20.0
Ask = Callable[[object], dict[str, Any]]


@contextmanager
def running(command: list[str], channel_descriptor: int, entry: Path) -> Iterator[Ask]:
    """A runner with this entry loaded."""
    ours, theirs = socket.socketpair()
    ours.settimeout(SECONDS)
    move = f'exec {channel_descriptor}<&{theirs.fileno()}; exec "$@"'
    process = subprocess.Popen(
        ["bash", "-c", move, "-", *command], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
    )
    theirs.close()
    lines = ours.makefile("rb")

    def send(message: object) -> None:
        ours.sendall(json.dumps(message).encode() + b"\n")

    def ask(data: object) -> dict[str, Any]:
        send({"id": "7", "content_type": "json", "data": data})
        answer: dict[str, Any] = json.loads(lines.readline())
        assert answer.pop("id") == "7"
        return answer

    assert b"ready" in lines.readline()
    send({"load": {"directory": str(entry.parent), "entry": entry.name}})
    assert b"loaded" in lines.readline()
    yield ask
    lines.close()
    ours.close()
    assert process.wait(SECONDS) == 0


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Ask]:
    entry = tmp_path / "entry.py"
    entry.write_text("""
kept = []
def apply(input):
    kept[:] = [kept] if input == "circle" else [float("nan")] if input == "nan" else [input]
    return {"kept": kept}
""")
    with running([sys.executable, str(RUNNERS_FOLDER / "python" / "runner.py")], 0, entry) as ask:
        yield ask


@pytest.fixture
def javascript(tmp_path: Path) -> Iterator[Ask]:
    environment = find_environment("javascript")
    toolchain = environment.find_toolchain() if environment is not None else None
    assert toolchain is not None, "Node.js is a package of Python, if it is nowhere else"
    entry = tmp_path / "entry.js"
    entry.write_text("""
const wait = () => new Promise((resolve) => setTimeout(resolve, 1));
const ways = {
  now: () => "now",
  later: async () => { await wait(); return "later"; },
  thenable: () => ({ then: (resolve) => resolve("thenable") }),
  callable: () => Object.assign(() => {}, { then: (resolve) => resolve("callable") }),
  nothing: () => undefined,
  throws: () => { throw new RangeError("now"); },
  rejects: async () => { await wait(); throw new RangeError("later"); },
  timer: () => new Promise(() => setTimeout(() => { throw new RangeError("in a timer"); }, 1)),
  echo: (value) => value,
  circle: () => { const circle = {}; circle.circle = circle; return circle; },
};
exports.apply = ([way, ...given]) => ways[way](...given);
""")
    runner = RUNNERS_FOLDER / "javascript" / "runner.js"
    with running([str(toolchain.executable), str(runner)], 3, entry) as ask:
        yield ask


@pytest.mark.parametrize("what", ["circle", "nan"])
def test_python_forgets_what_it_could_not_write(python: Ask, what: str) -> None:
    assert python(what)["error"]["error_type"] == "ValueError"
    assert python("good")["result"] == {"kept": ["good"]}, "the same list, which is no circle any more"


@pytest.mark.parametrize("way", ["now", "later", "thenable", "callable"])
def test_javascript_answers_what_is_there_and_what_is_promised(javascript: Ask, way: str) -> None:
    for _ in range(2):
        assert javascript([way]) == {"result": way, "metadata": {"content_type": "text"}}


def test_javascript_answers_null_for_nothing(javascript: Ask) -> None:
    assert javascript(["nothing"])["result"] is None


@pytest.mark.parametrize(("way", "message"), [("throws", "now"), ("rejects", "later"), ("timer", "in a timer")])
def test_javascript_tells_what_was_thrown_and_goes_on(javascript: Ask, way: str, message: str) -> None:
    error = javascript([way])["error"]
    assert (error["error_type"], error["message"]) == ("RangeError", message)
    assert javascript(["now"])["result"] == "now"


def test_javascript_tells_what_cannot_be_written_and_goes_on(javascript: Ask) -> None:
    assert javascript(["circle"])["error"]["error_type"] == "TypeError"
    assert javascript(["now"])["result"] == "now"


def test_javascript_reads_lines_longer_than_its_buffer(javascript: Ask) -> None:
    """The buffer is used again while a line has not ended."""
    text = "".join(f"{number:07d}" for number in range(100_000))
    assert javascript(["echo", text])["result"] == text
    assert javascript(["now"])["result"] == "now"
