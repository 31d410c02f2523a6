"""BentoML, LitServe and MLServer, each in a virtual environment of its own, with the echo of peers/ in it."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.caller import Caller
from tests.benchmarks.target import VALUE, Target, free_port

HERE = Path(__file__).parent / "peers"
ENVIRONMENTS = Path(__file__).resolve().parents[2] / ".cache" / "peers"
START_SECONDS = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Peer:
    """How to start one, what to send it, and where in its answer the echo stands."""

    name: str
    path: str
    value: object
    command: Callable[[Path, int, Path], list[str]]
    """Takes the folder of its environment's programs, a port, and a folder to work in."""
    find_echo: Callable[[Any], object] = lambda answer: answer
    package: str = ""
    """Whose environment it runs in, when that is not its name."""


def _bentoml(programs: Path, port: int, _: Path) -> list[str]:
    return [str(programs / "bentoml"), "serve", "bentoml_echo:Echo", "--host", "127.0.0.1", "--port", str(port)]


def _litserve(programs: Path, port: int, _: Path) -> list[str]:
    return [str(programs / "python"), str(HERE / "litserve_echo.py"), str(port)]


def _mlserver(programs: Path, port: int, folder: Path) -> list[str]:
    for path in (HERE / "mlserver_echo").iterdir():
        if path.is_file():
            (folder / path.name).write_bytes(path.read_bytes())
    settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_endpoint": None}
    (folder / "settings.json").write_text(json.dumps({**settings, "parallel_workers": 0, "debug": False}))
    return [str(programs / "mlserver"), "start", str(folder)]


INFERENCE = {"inputs": [{"name": "value", "shape": [1], "datatype": "BYTES", "data": [json.dumps(VALUE)]}]}
"""The same value in the protocol in which MLServer serves models."""
PEERS = (
    Peer("BentoML", "/echo", {"value": VALUE}, _bentoml),
    Peer("LitServe", "/predict", VALUE, _litserve),
    Peer(
        "MLServer",
        "/v2/models/echo/infer",
        INFERENCE,
        _mlserver,
        find_echo=lambda answer: json.loads(answer["outputs"][0]["data"][0]),
    ),
)
BARE_ROUTE = Peer("MLServer, bare route", "/route", VALUE, _mlserver, package="MLServer")
"""A route beside its models, which goes round its inference: no peer, but the floor of a Python web server."""


class PeerServer:
    """A running peer. While paused it takes no processor time from the others."""

    def __init__(self, process: psutil.Popen, target: Target) -> None:
        self._process = process
        self.target = target

    def pause(self) -> None:
        for process in self._tree():
            process.suspend()

    def resume(self) -> None:
        for process in self._tree():
            process.resume()

    def stop(self) -> None:
        """Asks the server to end, and ends what is left of it."""
        self.resume()
        tree = self._tree()
        self._process.terminate()
        _, left = psutil.wait_procs(tree, timeout=5)
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=5)

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


@contextmanager
def running(peer: Peer, folder: Path, say: Say) -> Iterator[PeerServer]:
    """Installs, when its lock file has changed, and starts. Raises subprocess.CalledProcessError, TimeoutError."""
    folder = folder / peer.name
    folder.mkdir()
    programs, port = _install((peer.package or peer.name).lower(), say), free_port()
    body = json.dumps(peer.value).encode()
    with (folder / "server.log").open("wb") as log:
        process = psutil.Popen(
            peer.command(programs, port, folder),
            cwd=HERE,
            env=os.environ | {"BENTOML_DO_NOT_TRACK": "1", "BENTOML_HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    server = PeerServer(process, Target(peer.name, port, peer.path, body, find_echo=peer.find_echo))
    try:
        _wait(server.target, process, folder / "server.log")
        yield server
    finally:
        server.stop()


def _install(name: str, say: Say) -> Path:
    """The programs of the peer's environment, made from its lock file."""
    lock, environment = HERE / f"{name}.txt", ENVIRONMENTS / name
    stamp = environment / "installed"
    digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        say(f"Installing {name} into {environment}")
        uv = [sys.executable, "-m", "uv"]
        subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, environment], check=True)
        python = environment / "bin" / "python"
        subprocess.run([*uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, lock], check=True)
        stamp.write_text(digest)
    return environment / "bin"


def _wait(target: Target, process: psutil.Popen, log: Path) -> None:
    """Until the echo is answered. Raises TimeoutError with what the server said last."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with Caller(target) as caller:
                caller.milliseconds(1)
            return
        except (OSError, ValueError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-2_000:]
                raise TimeoutError(f"{target.name} does not answer ({error}). It said:\n{said}") from None
        time.sleep(0.2)
