"""What a download reaches: the package index that this machine's tools are set up for, and nothing else.

The index is one of this machine's own network, as an operator may have it; a second server beside it is all else.
"""

import base64
import hashlib
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from execution.builds.base import BuildJob
from execution.builds.downloads import Fetch, download
from execution.errors import BuildFailed
from tests.unit.builds.conftest import SECRET, Bench, make_archive, member

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

EMPTY_PACKAGE = make_archive([member("package/package.json", b"{}")])
SCRIPT = """
import json, os, socket, urllib.request
def ask(address):
    try:
        return urllib.request.urlopen(address, timeout=20).read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
    except OSError as error:
        return str(error)
def read(path):
    try:
        return open(path).read()
    except OSError as error:
        return error.strerror
def connect(host, port):
    try:
        socket.create_connection((host, port), 5).close()
        return "connected"
    except OSError as error:
        return error.strerror
ask(os.environ["INDEX"])
"""


@dataclass
class Server:
    """What it was asked for, and where it is."""

    port: int
    asked: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[str], bytes]], Server]]:
    """Starts a server on loopback that answers a path with what the function makes of it."""
    started: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def start(answer: Callable[[str], bytes]) -> Server:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found.asked.append(self.path)
                content = answer(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Not on the terminal."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        found = Server(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        started.append((server, thread))
        return found

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def index(serve: Callable[[Callable[[str], bytes]], Server]) -> Server:
    return serve(lambda _: b"a package")


@pytest.fixture
def elsewhere(serve: Callable[[Callable[[str], bytes]], Server]) -> Server:
    return serve(lambda _: b"what nobody may have")


def run(job: BuildJob, index: Server, source: str) -> dict[str, str]:
    """What code leaves in `result` that has taken a tool over in the midst of a download."""
    folder = job.scratch / "download"
    folder.mkdir()
    (folder / "attack").write_text(f"{SCRIPT}\n{source}\njson.dump(result, open('result.json', 'w'))")

    def fetch(folder: Path, cache: Path) -> Fetch:
        return Fetch([job.interpreter, str(folder / "attack")], [cache], variables={"INDEX": index.address})

    sample = {"attack": SCRIPT}
    assert download(job, "attack", fetch, folder=folder, cache=job.owner_cache / "mine", sample=sample) == 0
    return dict(json.loads((folder / "result.json").read_text()))


def test_it_reaches_the_index_of_this_machine_and_no_other_place(
    job: BuildJob, index: Server, elsewhere: Server
) -> None:
    said: list[str] = []
    object.__setattr__(job, "log", said.append)
    source = f"""
result = {{
    "index": ask("{index.address}/x"),
    "elsewhere": ask("{elsewhere.address}/x"),
    "metadata": ask("http://169.254.169.254/latest/"),
    "tls": ask("https://example.com/"),
    "around": connect("127.0.0.1", {elsewhere.port}),
    "past": connect("169.254.169.254", 80),
}}
"""
    found = run(job, index, source)
    assert found["index"] == "a package"
    assert found["elsewhere"] == f"Refused: 127.0.0.1:{elsewhere.port} is no package index of this platform."
    assert found["metadata"] == "Refused: 169.254.169.254:80 is no package index of this platform."
    assert "403" in found["tls"]
    assert found["around"] == "Connection refused"
    assert found["past"] == "Network is unreachable"
    assert elsewhere.asked == []
    assert [line for line in said if line.startswith("Refused: ")] == [
        f"Refused: {place} is no package index of this platform. The operator lists more in AGORA_PACKAGE_HOSTS."
        for place in (f"127.0.0.1:{elsewhere.port}", "169.254.169.254:80", "example.com:443")
    ]


def test_it_sees_nothing_of_the_platform_or_of_other_owners(job: BuildJob, index: Server, home: Path) -> None:
    for path in (job.cache / "owners" / "other" / "layer", job.owner_cache / "layers" / "layer"):
        path.parent.mkdir(parents=True)
        path.write_text(SECRET)
    others = (job.cache / "owners/other/layer", job.owner_cache / "layers/layer", job.cache / "indexes")
    hidden = [str(home / "secret_key"), "/etc/shadow", *map(str, others), *map(job.seen, others)]
    source = f"""
result = {{path: read(path) for path in {hidden}}}
result["variables"] = str(dict(os.environ))
open({job.seen(job.owner_cache / "mine" / "kept")!r}, "w").write("x")
"""
    found = run(job, index, source)
    variables = found.pop("variables")
    assert SECRET not in variables
    assert set(found.values()) == {"No such file or directory"}
    assert (job.owner_cache / "mine" / "kept").is_file()


def test_a_package_that_names_another_place_is_not_followed(
    bench: Bench, serve: Callable[[Callable[[str], bytes]], Server], elsewhere: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    dependencies = {"bad": {"evil": f"{elsewhere.address}/evil.tgz"}}
    registry = serve(lambda path: _registry_answer(path, registry.address, dependencies))
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", registry.address)
    manifest = '{"name": "x", "version": "1.0.0", "dependencies": {"bad": "1.0.0"}}'
    files = {"src/x.js": "exports.apply = (x) => x;", "package.json": manifest}
    with pytest.raises(BuildFailed, match="could not be installed"):
        bench.build(files, entry="src/x.js", environment="javascript")
    assert "/bad" in registry.asked
    assert elsewhere.asked == []
    assert any(line.startswith(f"Refused: 127.0.0.1:{elsewhere.port} is no") for line in bench.log)


def _registry_answer(path: str, address: str, dependencies: dict[str, dict[str, str]]) -> bytes:
    """Of an index of npm that has every package, in the version that is asked for here."""
    if path.endswith(".tgz"):
        return EMPTY_PACKAGE
    name = path.removeprefix("/")
    digest = base64.b64encode(hashlib.sha512(EMPTY_PACKAGE).digest()).decode()
    dist = {"tarball": f"{address}{path}.tgz", "integrity": f"sha512-{digest}"}
    version = "2.1.3" if name == "ms" else "1.0.0"
    manifest = {"name": name, "version": version, "dependencies": dependencies.get(name, {}), "dist": dist}
    return json.dumps({"name": name, "dist-tags": {"latest": version}, "versions": {version: manifest}}).encode()
