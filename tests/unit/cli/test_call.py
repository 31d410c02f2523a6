"""agora call: what it sends, and how it shows what comes back."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from marketplace.cli.main import main


class Answering(HTTPServer):
    """Answers every call with `answer`, in the shapes of docs/how_to/call.md, and keeps what was sent."""

    status = 200
    answer: object = {"result": "hi", "metadata": {"content_type": "text", "duration": 0.1}}
    path = content_type = authorization = ""
    body = b""
    events: str | None = None
    """What it answers to callers who take a stream."""


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        self.server.path, self.server.content_type = self.path, self.headers["Content-Type"]
        self.server.authorization = self.headers["Authorization"]
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        content = json.dumps(self.server.answer).encode()
        self.send_response(self.server.status)
        if self.server.events is not None and self.headers["Accept"] == "text/event-stream":
            content = self.server.events.encode()
            self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    with Answering(("127.0.0.1", 0), Handler) as server:
        monkeypatch.setenv("AGORA_ADDRESS", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AGORA_API_KEY", "simkey")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def call(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["call", *arguments], input=stdin)


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        ("ann/echo", "/v1/algo/ann/echo"),
        ("ann/echo/1.2.*", "/v1/algo/ann/echo/1.2.*"),
        ("algo://ann/echo/", "/v1/algo/ann/echo"),
    ],
)
def test_it_calls_what_is_named(server: Answering, reference: str, path: str) -> None:
    result = call(reference, "--text", "x")
    assert (result.exit_code, result.output) == (0, "hi\n")
    assert (server.path, server.authorization) == (path, "Simple simkey")


@pytest.mark.parametrize("reference", ["echo", "ann/echo/1/2", "ann/../x", "ann/echo?x", "http://x/y"])
def test_what_is_no_algorithm_is_not_sent(server: Answering, reference: str) -> None:
    result = call(reference)
    assert (result.exit_code, server.path) == (1, "")
    assert "is not an algorithm" in result.output


@pytest.mark.parametrize(
    ("arguments", "stdin", "body", "content_type"),
    [
        (("--data", '{"a": 1}'), None, b'{"a": 1}', "application/json"),
        (("--text", "größe"), None, "größe".encode(), "text/plain"),
        ((), "[1]\n", b"[1]", "application/json"),
        ((), "", b"null", "application/json"),
        (("--file", "a.json"), None, b"[]", "application/json"),
        (("--file", "a.TXT"), None, b"[]", "text/plain"),
        (("--file", "a.png"), None, b"[]", "application/octet-stream"),
    ],
)
def test_it_sends_each_kind(
    server: Answering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], stdin: str | None, body: bytes, content_type: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in ("a.json", "a.TXT", "a.png"):
        (tmp_path / name).write_bytes(b"[]")
    assert call("ann/echo", *arguments, stdin=stdin).exit_code == 0
    assert (server.body, server.content_type) == (body, content_type)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--data", "{"), "The data is not JSON"),
        (("--data", "1", "--text", "x"), "Give one of --data, --text and --file."),
        (("--file", "nowhere"), "nowhere cannot be read: No such file or directory."),
    ],
)
def test_it_says_what_is_wrong_with_the_input(server: Answering, arguments: tuple[str, ...], message: str) -> None:
    result = call("ann/echo", *arguments)
    assert (result.exit_code, message in result.output, server.path) == (1, True, "")


@pytest.mark.parametrize(
    ("kind", "result", "shown"),
    [
        ("json", {"b": [1, "ö"]}, '{\n  "b": [\n    1,\n    "ö"\n  ]\n}\n'.encode()),
        ("json", None, b"null\n"),
        ("text", "two\nlines", b"two\nlines\n"),
        ("binary", "AP+A", b"\x00\xff\x80"),
    ],
)
def test_it_shows_each_kind(server: Answering, kind: str, result: object, shown: bytes) -> None:
    server.answer = {"result": result, "metadata": {"content_type": kind, "duration": 0.1}}
    assert call("ann/echo", "--data", "1").stdout_bytes == shown


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (200, {"error": {"message": "No.", "error_type": "InputError"}, "metadata": {}}, "Error: No. (InputError)"),
        (404, {"error": {"message": "algorithm algo://a/b not found"}}, "Error: algorithm algo://a/b not found"),
        (401, {"error": {"message": "authorization required"}}, "run `agora login --key KEY`"),
        (402, {"error": {"message": "The credits are used up."}}, "Error: The credits are used up."),
        (502, ["odd"], "answered 502 and no explanation"),
        (200, ["odd"], "answered 200 and no explanation"),
    ],
)
def test_it_fails_with_the_platforms_words(server: Answering, status: int, answer: object, message: str) -> None:
    server.status, server.answer = status, answer
    result = call("ann/echo", "--data", "1")
    assert result.exit_code == 1
    assert message in result.output


DONE = 'event: done\ndata: {"result": null, "metadata": {"content_type": "json"}}\n\n'
FAILED = 'event: error\ndata: {"error": {"message": "No.", "error_type": "InputError"}}\n\n'


@pytest.mark.parametrize(
    ("events", "shown", "exit_code"),
    [
        ('data: "a "\n\ndata: "b"\n\n' + DONE, b"a b\n", 0),
        ('data: {"a": "\u00f6"}\n\ndata: [1]\n\n' + DONE, '{"a": "ö"}\n[1]\n'.encode(), 0),
        ('event: binary\ndata: "AP+A"\n\n' + DONE, b"\x00\xff\x80", 0),
        (DONE.replace("null", "5"), b"5\n", 0),
        ('data: "a"\n\n' + FAILED, b"a\n", 1),
        ('data: "a"\n\n', b"a", 1),
    ],
)
def test_it_shows_a_stream_as_it_comes(server: Answering, events: str, shown: bytes, exit_code: int) -> None:
    server.events = events
    result = call("ann/echo", "--data", "1", "--stream")
    assert (result.stdout_bytes, result.exit_code) == (shown, exit_code), result.output
    assert (result.stderr != "") == bool(exit_code)


def test_a_stream_that_is_refused_is_explained(server: Answering) -> None:
    server.status, server.answer = 402, {"error": {"message": "The credits are used up."}}
    result = call("ann/echo", "--data", "1", "--stream")
    assert result.exit_code == 1
    assert "The credits are used up." in result.output
