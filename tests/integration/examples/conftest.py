"""Examples as a user gets them: packed by `agora publish`, built, and run by their language's runner."""

import base64
import json
import os
import socket
import subprocess
import tarfile
import tempfile
import threading
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

import pytest

from execution.builds.build import build_artifact
from execution.environments import find_environment
from marketplace.cli.manifest import read_manifest
from marketplace.cli.packing import pack_folder
from marketplace.manifest import Manifest

EXAMPLES = Path(__file__).resolve().parents[3] / "docs" / "examples"
LONGEST_WAIT = 60.0


class Refused(Exception):
    """The algorithm raised; `kind` is its error type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class RunningExample:
    """One example in a runner process of its own."""

    def __init__(self, manifest: Manifest, directory: Path, gateway_socket: Path) -> None:
        environment = find_environment(manifest.environment)
        toolchain = environment.find_toolchain()
        ours, theirs = socket.socketpair()
        ours.settimeout(LONGEST_WAIT)
        command = [
            part.replace("{toolchain}", str(toolchain.executable)).replace("{runner}", str(environment.folder))
            for part in environment.manifest.command
        ]
        variables = {
            name: value.replace("{runner}", str(environment.folder))
            for name, value in environment.manifest.variables.items()
        }
        variables |= {"PATH": os.environ["PATH"], "AGORA_GATEWAY_SOCKET": str(gateway_socket)}
        self._process = subprocess.Popen(command, stdin=theirs, env=variables)
        theirs.close()
        self._channel, self._answers = ours, ours.makefile("rb")
        assert "ready" in self._read()
        entry = manifest.entry_path()
        self._ask({"load": {"entry": entry, "directory": str(directory), "name": manifest.name}})

    def call(self, value: object) -> object:
        """What apply returns: bytes in and out as bytes. Raises Refused."""
        kind = {bytes: "binary", str: "text"}.get(type(value), "json")
        data = base64.b64encode(value).decode() if isinstance(value, bytes) else value
        answer = self._ask({"content_type": kind, "data": data, "token": "right-to-call"})
        result = answer["result"]
        return base64.b64decode(result) if answer["metadata"]["content_type"] == "binary" else result

    def close(self) -> None:
        self._answers.close()
        self._channel.close()
        assert self._process.wait(LONGEST_WAIT) == 0

    def _ask(self, message: dict[str, object]) -> dict[str, object]:
        self._channel.sendall(json.dumps(message).encode() + b"\n")
        answer = self._read()
        if error := answer.get("error"):
            raise Refused(error["error_type"], error["message"])
        return answer

    def _read(self) -> dict[str, object]:
        return json.loads(self._answers.readline())


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of an example's artifact, unpacked; built once per test run."""
    folder = tmp_path_factory.mktemp("examples")

    @cache
    def build_once(name: str) -> Path:
        return build(EXAMPLES / name, folder / name, folder / "cache")

    return build_once


class Switchboard(ThreadingUnixStreamServer):
    """Takes the calls that examples make, and hands them to other examples. No keys, no money: not the gateway."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Operator)
        self.running: dict[str, RunningExample] = {}


class _Operator(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Switchboard

    def do_POST(self) -> None:
        assert self.headers["Authorization"] == "Simple right-to-call"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        value = body if self.headers["Content-Type"] == "application/octet-stream" else json.loads(body)
        try:
            result = self.server.running[self.path.removeprefix("/v1/algo/agora/")].call(value)
            answer = {"result": result, "metadata": {"content_type": "json", "duration": 0.01}}
        except Refused as refused:
            answer = {"error": {"message": str(refused), "error_type": refused.kind}}
        self.send_response(200)
        text = json.dumps(answer).encode()
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def address_string(self) -> str:
        return "a Unix socket"  # which has no client address


@pytest.fixture
def switchboard() -> Iterator[Switchboard]:
    with (
        tempfile.TemporaryDirectory(prefix="agora-examples-") as folder,  # tmp_path may be too long for a socket
        Switchboard(Path(folder) / "gateway.sock") as server,
    ):
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def run_example(built: Callable[[str], Path], switchboard: Switchboard) -> Iterator[Callable[[str], RunningExample]]:
    """Builds and starts examples by name."""

    def run(name: str) -> RunningExample:
        example = RunningExample(read_manifest(EXAMPLES / name), built(name), Path(str(switchboard.server_address)))
        switchboard.running[name] = example
        return example

    yield run
    for example in switchboard.running.values():
        example.close()


def build(folder: Path, workspace: Path, kept: Path) -> Path:
    """The unpacked artifact."""
    workspace.mkdir()
    manifest = read_manifest(folder)
    packed = pack_folder(folder, workspace / "source.tar.gz")
    artifact = build_artifact(
        environment=manifest.environment,
        entry=manifest.entry_path(),
        source_archive=packed.path,
        workspace=workspace / "build",
        cache=kept,
        log=print,
    )
    with tarfile.open(artifact.path) as tar:
        tar.extractall(workspace / "algorithm", filter="fully_trusted")
    return workspace / "algorithm"


def sample_of(name: str) -> object:
    """The input that the store page offers."""
    return json.loads(tomllib.loads((EXAMPLES / name / "agora.toml").read_text())["sample"]["input"])


def sample_bytes(name: str, file: str) -> bytes:
    return (EXAMPLES / name / "samples" / file).read_bytes()
