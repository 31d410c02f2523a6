"""Pytest plugin: real PostgreSQL and Redis for the tests, started once per run and shared by all workers.

Loaded with `-p` so that it runs before Django reads its settings. DATABASE_URL and REDIS_URL, when set,
name the servers to use instead. Each pytest-xdist worker has its own databases (pytest-django names the
PostgreSQL ones; the Redis database number is the worker's).
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from marketplace.cli.embedded import EmbeddedPostgres, EmbeddedRedis

_started: list[EmbeddedPostgres | EmbeddedRedis] = []
_folder: Path | None = None


def _start_services() -> None:
    global _folder
    _folder = Path(tempfile.mkdtemp(prefix="agora-test-"))
    _folder.chmod(0o755)
    if "DATABASE_URL" not in os.environ:
        postgres = EmbeddedPostgres(_folder / "postgres", durable=False)
        postgres.start()
        _started.append(postgres)
        os.environ["DATABASE_URL"] = postgres.url("agora")
    if "REDIS_URL" not in os.environ:
        server = EmbeddedRedis(socket=_folder / "redis.sock", folder=None)
        server.start()
        _started.append(server)
        os.environ["REDIS_URL"] = f"unix://{_folder}/redis.sock?db=0"
    os.environ.setdefault("AGORA_HOME", str(_folder / "home"))
    os.environ.setdefault("AGORA_SECRET_KEY", "a-key-for-tests-only-that-is-long-enough-0123456789")


if "PYTEST_XDIST_WORKER" in os.environ:
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={number + 1}")
else:
    _start_services()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops what this process started."""
    for service in reversed(_started):
        service.stop()
    _started.clear()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
