"""agora clone, with git and a server that wants a key; agora credential."""

import base64
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner

from marketplace.cli.main import main

KEY = "simkey"


class Keeper(SimpleHTTPRequestHandler):
    """Serves files to those who give the key as the password."""

    def do_GET(self) -> None:
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(given).partition(b":")[2] == KEY.encode():
            super().do_GET()
        else:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


def git(*arguments: str, folder: Path) -> str:
    identity = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a server with one repository, git/ann/ocr.git."""
    served = tmp_path / "served" / "git" / "ann"
    (tmp_path / "first").mkdir()
    (tmp_path / "first" / "README.md").write_text("Reads text.\n")
    git("init", "-q", folder=tmp_path / "first")
    git("add", "README.md", folder=tmp_path / "first")
    git("commit", "-qm", "Begin.", folder=tmp_path / "first")
    git("clone", "-q", "--bare", str(tmp_path / "first"), str(served / "ocr.git"), folder=tmp_path)
    git("update-server-info", folder=served / "ocr.git")
    with HTTPServer(("127.0.0.1", 0), partial(Keeper, directory=str(tmp_path / "served"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("AGORA_ADDRESS", address)
        monkeypatch.setenv("AGORA_API_KEY", KEY)
        monkeypatch.chdir(tmp_path)
        yield address
        server.shutdown()


def test_a_repository_is_copied_and_asks_for_the_key_again(address: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["clone", "ann/ocr"])
    assert result.exit_code == 0, result.output
    assert (tmp_path / "ocr" / "README.md").read_text() == "Reads text.\n"
    assert git("remote", "get-url", "origin", folder=tmp_path / "ocr") == f"{address}/git/ann/ocr.git\n"
    assert KEY not in (tmp_path / "ocr" / ".git" / "config").read_text()
    git("fetch", folder=tmp_path / "ocr")  # raises when it is refused


def test_a_key_that_is_refused_ends_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_API_KEY", "another")
    result = CliRunner().invoke(main, ["clone", "ann/ocr", "there"])
    assert (result.exit_code, result.output) == (1, "Error: ann/ocr was not copied: what git says above is why.\n")
    assert not Path("there").exists()


def test_git_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "git is missing: install it" in CliRunner().invoke(main, ["clone", "ann/ocr"]).output


@pytest.mark.parametrize(
    ("action", "asked", "answered"),
    [
        ("get", "protocol=https\nhost=agora.example:8443\n\n", "username=agora\npassword=simkey\n"),
        ("get", "protocol=https\nhost=elsewhere.example\n\n", ""),
        ("get", "protocol=http\nhost=agora.example:8443\n\n", ""),
        ("erase", "protocol=https\nhost=agora.example:8443\n\n", ""),
    ],
)
def test_the_key_is_for_the_platform_alone(
    monkeypatch: pytest.MonkeyPatch, action: str, asked: str, answered: str
) -> None:
    monkeypatch.setenv("AGORA_ADDRESS", "https://agora.example:8443")
    monkeypatch.setenv("AGORA_API_KEY", KEY)
    assert CliRunner().invoke(main, ["credential", action], input=asked).output == answered
