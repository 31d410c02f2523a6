"""The command `algo` that comes with the Python client. Its configuration file is written here: see UNPUBLISHED."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.platform import RunningPlatform

SECONDS = 60.0
CONFIG = """[profiles.default]
api_key = "{key}"
api_server = "{address}"
ca_cert = ""
bearer_token = ""
"""


def check_command_line(program: Path, platform: RunningPlatform) -> Iterator[tuple[str, str | None]]:
    """Each check's name, and why it failed, if it did."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / ".algorithmia"
        folder.mkdir()
        (folder / "config").write_text(CONFIG.format(key=platform.demo_key, address=platform.address))
        note = Path(home) / "note.txt"
        note.write_text("from a file")
        uri = f"data://.my/cli_{os.getpid()}"
        for name, arguments, wanted in (
            ("run with text", ["run", "demo/template_python", "-d", "Ann"], "Hello Ann"),
            ("run with JSON", ["run", "demo/echo_python", "-j", "[1, 2]"], "[1, 2]"),
            ("run that fails", ["run", "demo/template_python", "-d", "fail"], "no greeting for fail"),
            ("mkdir", ["mkdir", uri], ""),
            ("ls", ["ls", "data://.my/"], uri.rpartition("/")[2]),
            ("cp to a collection", ["cp", str(note), f"{uri}/note.txt"], ""),
            ("ls -l", ["ls", "-l", f"{uri}/"], "note.txt"),
            ("cat", ["cat", f"{uri}/note.txt"], "from a file"),
            ("cp from a collection", ["cp", f"{uri}/note.txt", f"{home}/back.txt"], ""),
            ("rm", ["rm", f"{uri}/note.txt"], ""),
            ("rmdir", ["rmdir", uri], ""),
        ):
            yield name, _run(program, arguments, home, wanted)
        copied = Path(home) / "back.txt"
        yield "copies whole files", None if copied.is_file() and copied.read_text() == "from a file" else "it did not"


def _run(program: Path, arguments: list[str], home: str, wanted: str) -> str | None:
    environ = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
    done = subprocess.run(
        [str(program), *arguments], env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    said = done.stdout + done.stderr
    failed = done.returncode != 0 and wanted != "no greeting for fail"
    return said.strip()[-300:] or f"exit code {done.returncode}" if failed or wanted not in said else None
