"""Pytest plugin: real PostgreSQL and Redis for the tests.

Loaded with `-p` so that it runs before Django reads its settings. DATABASE_URL and REDIS_URL, when set, name the
servers to use instead. Workers of pytest-xdist share the PostgreSQL server, in which pytest-django gives each a
database. Each has a Redis server of its own, since messages that are published reach all databases of one.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from marketplace.cli.embedded import EmbeddedPostgres, EmbeddedRedis

OURS = "AGORA_TEST_REDIS"
"""Set for the workers when the tests bring Redis with them."""
_started: list[EmbeddedPostgres | EmbeddedRedis] = []
_folder = Path(tempfile.mkdtemp(prefix="agora-test-"))


def _start_postgres() -> None:
    _folder.chmod(0o755)
    postgres = EmbeddedPostgres(_folder / "postgres", durable=False)
    postgres.start()
    _started.append(postgres)
    os.environ["DATABASE_URL"] = postgres.url("agora")


def _start_redis() -> None:
    server = EmbeddedRedis(socket=_folder / "redis.sock", folder=None)
    server.start()
    _started.append(server)
    os.environ["REDIS_URL"] = f"unix://{_folder}/redis.sock?db=0"
    os.environ[OURS] = "yes"


if "DATABASE_URL" not in os.environ:
    _start_postgres()
if "REDIS_URL" not in os.environ or OURS in os.environ:
    _start_redis()
elif "PYTEST_XDIST_WORKER" in os.environ:
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    os.environ["REDIS_URL"] = os.environ["REDIS_URL"].replace("db=0", f"db={number + 1}")
os.environ["AGORA_HOME"] = str(_folder / "home")
os.environ.setdefault("AGORA_SECRET_KEY", "a-key-for-tests-only-that-is-long-enough-0123456789")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stops what this process started."""
    for service in reversed(_started):
        service.stop()
    _started.clear()
    shutil.rmtree(_folder, ignore_errors=True)
