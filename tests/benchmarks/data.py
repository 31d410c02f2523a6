"""`make data-bench`: upload and download of 1 GiB, beside nginx on the same machine; ends with one line of JSON.

Rounds alternate between the two, so that both meet the same machine. curl is the client of both, and the figures are
medians. Memory is what web's own grew at its highest over what it was when idle.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.platform_under_test import PlatformUnderTest, running_platform
from tests.benchmarks.target import free_port

MOST_RATIO = 1.5
MOST_MEBIBYTES = 100.0
NGINX = """
daemon off;
worker_processes auto;
user root;
pid {home}/nginx.pid;
error_log {home}/error.log;
events {{}}
http {{
  access_log off;
  sendfile on;
  client_max_body_size 8g;
  client_body_temp_path {home}/temporary;
  server {{
    listen 127.0.0.1:{port};
    location / {{ root {home}/files; dav_methods PUT DELETE; }}
  }}
}}
"""
Door = tuple[str, list[str]]
"""The address of a file, and the options with which curl gets in."""


def main() -> int:
    """Measures, prints, and answers whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="make data-bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mebibytes", type=int, default=1024)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="agora-data-") as scratch, running_platform() as platform:
        source = _write_source(Path(scratch) / "source", options.mebibytes)
        with running_nginx(Path(scratch)) as peer:
            doors = {"agora": _open_collection(platform), "nginx": peer}
            result = _measure(doors, source, options.rounds, platform)
    print(json.dumps(result))
    ratios = result["upload_ratio"] <= MOST_RATIO and result["download_ratio"] <= MOST_RATIO
    return 0 if ratios and result["web_mebibytes"] <= MOST_MEBIBYTES else 1


def _measure(doors: dict[str, Door], source: Path, rounds: int, platform: PlatformUnderTest) -> dict[str, float]:
    seconds: dict[str, list[float]] = {f"{what}_{name}": [] for what in ("upload", "download") for name in doors}
    memory = Memory(platform.pid_of("web"))
    for number in range(rounds + 1):
        for name, door in doors.items():
            up, down = _timed(_upload, door, source), _timed(_download, door, source)
            if number:  # the first round warms up
                seconds[f"upload_{name}"].append(up)
                seconds[f"download_{name}"].append(down)
                print(f"{name}: {up:.2f} s up, {down:.2f} s down", file=sys.stderr)
    medians = {f"{name}_seconds": round(statistics.median(values), 3) for name, values in seconds.items()}
    ratios = {
        f"{what}_ratio": round(medians[f"{what}_agora_seconds"] / medians[f"{what}_nginx_seconds"], 2)
        for what in ("upload", "download")
    }
    return {**ratios, "web_mebibytes": round(memory.grown_mebibytes(), 1), **medians}


class Memory:
    """Of a process: how far it went above what it was at the start."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # the highest so far is forgotten
        self._idle = self._read("VmRSS")

    def grown_mebibytes(self) -> float:
        return (self._read("VmHWM") - self._idle) / 1024

    def _read(self, field: str) -> int:
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def _open_collection(platform: PlatformUnderTest) -> Door:
    key = json.loads((platform.home / "demo.json").read_text())["api_key"]
    headers = ["-H", f"Authorization: Simple {key}"]
    root = f"{platform.address}/v1/data/.my"
    _curl([*headers, "-d", '{"name": "bench"}', root])
    return f"{root}/bench/file", headers


@contextmanager
def running_nginx(home: Path) -> Iterator[Door]:
    """nginx as it comes, with WebDAV's PUT."""
    port = free_port()
    (home / "files").mkdir()
    (home / "nginx.conf").write_text(NGINX.format(home=home, port=port))
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        raise FileNotFoundError("This needs nginx: apt-get install nginx-light.")
    process = subprocess.Popen([nginx, "-c", str(home / "nginx.conf")])
    try:
        while subprocess.run(["curl", "-s", "-o", os.devnull, f"http://127.0.0.1:{port}/"], check=False).returncode:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/file", []
    finally:
        process.terminate()
        process.wait()


def _upload(door: Door, source: Path) -> None:
    _curl([*door[1], "-H", "Expect:", "-T", str(source), door[0]])


def _download(door: Door, source: Path) -> None:
    size = _curl([*door[1], "-w", "%{size_download}", "-o", os.devnull, door[0]])
    if int(size) != source.stat().st_size:
        raise ValueError(f"{door[0]} sent {size} bytes")


def _curl(arguments: list[str]) -> str:
    return subprocess.run(["curl", "-sSf", *arguments], capture_output=True, text=True, check=True).stdout


def _timed(work: Callable[[Door, Path], None], door: Door, source: Path) -> float:
    began = time.perf_counter()
    work(door, source)
    return time.perf_counter() - began


def _write_source(path: Path, mebibytes: int) -> Path:
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for _ in range(mebibytes):
            file.write(block)
    return path


if __name__ == "__main__":
    sys.exit(main())
