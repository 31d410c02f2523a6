"""Calls as programs: run, they send exactly the sample, where their language is on this machine."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from marketplace.web.store.call_programs import PROGRAMS

SAMPLE = '"it\'s \\"quoted\\", \\\\ \\n $HOME `id` #{x} )\\" \U0001f34e \u00e4"'
COMMANDS = {
    "ruby": ["ruby", "call.rb"],
    "php": ["php", "call.php"],
    "java": ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "call.java"],
    "go": ["go", "run", "call.go"],
}
PARSERS = {"r": ["Rscript", "-e", 'code <- parse("call.r", encoding = "UTF-8"); cat(eval(code[[2]]))']}


class Receiver(HTTPServer):
    """Answers every call with a result, and keeps what came."""

    received: list[tuple[str | None, bytes]]


class Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.headers["Authorization"], body))
        answer = b'{"result": 42, "metadata": {}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(("127.0.0.1", 0), Answer) as server:
        server.received = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("language", COMMANDS)
def test_it_sends_the_sample(language: str, inline: bool, receiver: Receiver, tmp_path: Path) -> None:
    command = COMMANDS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"There is no {command[0]}.")
    if not inline and language in {"java", "go"}:
        pytest.skip("Starting it twice takes seconds.")
    [program] = [each for each in PROGRAMS if each.id == language]
    address = f"http://127.0.0.1:{receiver.server_port}/v1/algo/ada/sort"
    text = program.write(address=address, key="sim123", sample=SAMPLE if inline else None)
    (tmp_path / command[-1]).write_text(text, encoding="utf-8")
    (tmp_path / "input.json").write_text(SAMPLE, encoding="utf-8")
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, "42" in ran.stdout) == (0, True), ran.stderr
    [(authorization, body)] = receiver.received
    assert authorization == "Simple sim123"
    assert json.loads(body) == json.loads(SAMPLE)


def test_every_language_has_a_literal_of_its_own(tmp_path: Path) -> None:
    texts = {each.id: each.write(address="https://a.example", key="k", sample=SAMPLE) for each in PROGRAMS}
    assert len(texts) == 7
    assert not any(place in text for text in texts.values() for place in ("$ADDRESS", "$KEY", "$BODY"))
    assert f'r#"{SAMPLE}"#;' in texts["rust"] or f'r##"{SAMPLE}"##;' in texts["rust"]
    if shutil.which("Rscript"):
        (tmp_path / "call.r").write_text(texts["r"], encoding="utf-8")
        ran = subprocess.run(PARSERS["r"], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert json.loads(ran.stdout) == json.loads(SAMPLE)
