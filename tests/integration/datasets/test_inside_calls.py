"""`agora.data` in a slot, through the second door, on a running platform; and what a killed web leaves."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.platform import RunningPlatform

ALGORITHMS = Path(__file__).resolve().parents[2] / "algorithms"
LANGUAGES = ("python", "javascript")
SECONDS = 60.0


@pytest.fixture(scope="session")
def references(platform: RunningPlatform) -> dict[str, str]:
    """The algorithms that do what their input says, by language."""
    with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
        folders = {language: ALGORITHMS / f"data_{language}" for language in LANGUAGES}
        return {
            language: publish_folder(client, folder, read_manifest(folder), echo=lambda _: None).reference
            for language, folder in folders.items()
        }


@pytest.fixture
def client(platform: RunningPlatform) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers, timeout=SECONDS) as client:
        client.delete("/v1/data/.my/inside", params={"force": "true"})
        client.post("/v1/data/.my", json={"name": "inside"}).raise_for_status()
        yield client


@pytest.fixture(params=LANGUAGES)
def run(client: httpx.Client, references: dict[str, str], request: pytest.FixtureRequest) -> Callable[..., object]:
    """Has an algorithm take the steps, and answers what the last one did."""

    def call(*steps: list[object]) -> object:
        answer = client.post(f"/v1/algo/{references[request.param]}", json=steps).json()
        assert "error" not in answer, answer
        return answer["result"]

    return call


def test_an_algorithm_writes_and_reads(run: Callable[..., object], client: httpx.Client) -> None:
    folder = "data://.my/inside"
    assert run([f"{folder}/a b+c%.txt", "write", "text é"], [f"{folder}/a b+c%.txt", "text"]) == "text é"
    assert run([f"{folder}/b", "write_bytes", [0, 255, 10]], [f"{folder}/b", "read"]) == [0, 255, 10]
    assert run([f"{folder}/c.json", "write", {"x": [1]}], [f"{folder}/c.json", "json"]) == {"x": [1]}
    assert run([f"{folder}/sub", "create"], [folder, "list"]) == ["sub", "a b+c%.txt", "b", "c.json"]
    assert run([f"{folder}/b", "exists"]) is True
    assert run([f"{folder}/b", "delete"], [f"{folder}/b", "exists"]) is False
    assert run([f"{folder}/b", "read"]) == {"status": 404, "message": "path not found"}
    assert run(["data://agora/nothing/f", "write", 1]) == {"status": 404, "message": "path not found"}
    assert client.get("/v1/data/.my/inside/a%20b+c%25.txt").text == "text é"


def test_a_large_file_is_copied_without_being_held(run: Callable[..., object], client: httpx.Client) -> None:
    content = os.urandom(1 << 20) * 40
    client.put("/v1/data/.my/inside/large", content=content).raise_for_status()
    assert run(["data://.my/inside/large", "copy", "data://.my/inside/copy"]) is None
    assert client.get("/v1/data/.my/inside/copy").content == content


def test_what_is_kept_for_the_caller_of_an_algorithm(run: Callable[..., object], client: httpx.Client) -> None:
    run(["data://.algo/temp/t.txt", "write", "kept"])
    found = [
        answer.text
        for name in LANGUAGES
        if (answer := client.get(f"/v1/data/.algo/demo/data_{name}/temp/t.txt")).status_code == 200
    ]
    assert "kept" in found


def test_a_session_is_the_tree_of_calls(
    run: Callable[..., object], references: dict[str, str], client: httpx.Client
) -> None:
    other = references["javascript"]
    assert run(["data://.session/s", "write", "shared"], [other, "call", [["data://.session/s", "text"]]]) == "shared"
    assert run(["data://.session/s", "exists"]) is False
    assert client.get("/v1/data/.session/s").status_code == 400


def test_a_slot_reaches_calls_and_data_and_nothing_else(platform: RunningPlatform) -> None:
    for path, status in (("/v1/data", 200), ("/v1/algorithms", 404), ("/console", 404), ("/v1/data/../../admin", 400)):
        assert _ask_second_door(platform, path) == status, path


def test_the_kernel_sends_files(platform: RunningPlatform, client: httpx.Client) -> None:
    """Whole, in part and empty, one after the other on a connection; to a slow reader, and to one who leaves."""
    content = os.urandom(1 << 20) * 30
    for name, body in (("f", content), ("empty", b"")):
        client.put(f"/v1/data/.my/inside/{name}", content=body).raise_for_status()
    for _ in range(3):
        assert client.get("/v1/data/.my/inside/f").content == content
        assert client.get("/v1/data/.my/inside/empty").content == b""
        part = client.get("/v1/data/.my/inside/f", headers={"Range": "bytes=5-20000004"})
        assert (part.status_code, part.content) == (206, content[5:20_000_005])
    with client.stream("GET", "/v1/data/.my/inside/f") as left:
        next(left.iter_raw())
    with client.stream("GET", "/v1/data/.my/inside/f") as slow:
        received = bytearray()
        for chunk in slow.iter_raw(1 << 20):
            received += chunk
            time.sleep(0.005)
    assert received == content
    said = (platform.home / "logs" / "web.log").read_text()
    assert "Exception in ASGI" not in said, said[said.find("Exception in ASGI") :][:6000]
    assert "without completing" not in said


def test_a_killed_web_leaves_no_half_file(platform: RunningPlatform, client: httpx.Client) -> None:
    client.put("/v1/data/.my/inside/f", content=b"old").raise_for_status()
    pid = int((platform.home / "run" / "web.pid").read_text())
    parts = urlsplit(platform.address)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=SECONDS) as connection:
        head = f"Host: {parts.netloc}\r\nAuthorization: {platform.demo_key}\r\nContent-Length: 9000000\r\n\r\n"
        connection.sendall(b"PUT /v1/data/.my/inside/f HTTP/1.1\r\n" + head.encode() + b"x" * 8_000_000)
        _wait_until(lambda: _half_written(platform.home / "datasets") > 0)
        os.kill(pid, signal.SIGKILL)
    _wait_until(lambda: _answers(platform, pid))
    assert client.get("/v1/data/.my/inside/f").content == b"old"
    listing = client.get("/v1/data/.my/inside").json()
    assert [file["size"] for file in listing["files"]] == [3]


def _half_written(folder: Path) -> int:
    return sum(1 for path in folder.rglob("*") if path.is_file() and 3_000_000 < path.stat().st_size < 9_000_000)


def _answers(platform: RunningPlatform, killed: int) -> bool:
    if (platform.home / "run" / "web.pid").read_text().strip() in {"", str(killed)}:
        return False
    try:
        return httpx.get(f"{platform.address}/v1/data").status_code == 200
    except httpx.HTTPError:
        return False


def _ask_second_door(platform: RunningPlatform, path: str) -> int:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(SECONDS)
        connection.connect(str(platform.home / "run" / "gateway" / "gateway.sock"))
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return int(connection.recv(1000).split(b" ")[1])


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
