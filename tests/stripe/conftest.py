"""Servers that others wrote, each installed under .cache and run on loopback."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.payments.conftest import payer, simulator, stripe
from tests.platform import free_port

__all__ = ["payer", "simulator", "stripe"]

CACHE = Path(__file__).parent.parent.parent / ".cache"
STRIPE_MOCK = "github.com/stripe/stripe-mock@v0.203.0"
LOCALSTRIPE = "localstripe==1.15.10"
START = """
import sys
from aiohttp import web
from localstripe.server import app
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
"""  # its own command listens to the whole world
INSTALL_SECONDS = 300


@pytest.fixture(scope="session")
def stripe_mock() -> Iterator[str]:
    """The address of Stripe's own mock: it checks each request against the API's description, and keeps nothing."""
    folder = CACHE / "stripe-mock"
    if not (folder / "stripe-mock").exists():
        subprocess.run(
            ["go", "install", STRIPE_MOCK], env=os.environ | {"GOBIN": str(folder)}, check=True, timeout=INSTALL_SECONDS
        )
    port = free_port()
    yield from _serve([str(folder / "stripe-mock"), "-http-addr", f"127.0.0.1:{port}"], port)


@pytest.fixture(scope="session")
def localstripe() -> Iterator[str]:
    """The address of localstripe, in an environment of its own."""
    python = CACHE / "localstripe" / "bin" / "python"
    if not python.exists():
        uv = [str(Path(sys.executable).parent / "uv")]
        subprocess.run([*uv, "venv", "-q", str(python.parent.parent)], check=True)
        subprocess.run(
            [*uv, "pip", "install", "-q", "--python", str(python), LOCALSTRIPE], check=True, timeout=INSTALL_SECONDS
        )
    port = free_port()
    yield from _serve([str(python), "-c", START, str(port)], port)


def _serve(command: list[str], port: int) -> Iterator[str]:
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                httpx.get(base)
                break
            except httpx.TransportError:
                assert time.monotonic() < deadline, f"{command[0]} does not answer"
                time.sleep(0.1)
        yield base
        process.kill()
