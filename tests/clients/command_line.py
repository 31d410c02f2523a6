"""The command `algo` that comes with the Python client, at an address with TLS."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.clients.tls_front import tls_front
from tests.platform import RunningPlatform

SECONDS = 60.0
FAIL = "fail"
"""What test algorithms fail for."""


def check_command_line(program: Path, platform: RunningPlatform) -> Iterator[tuple[str, str | None]]:
    """Each check's name, and why it failed, if it did."""
    with tempfile.TemporaryDirectory() as home, tls_front(platform.address, Path(home)) as front:
        algo = AlgoCommand([*front.prefix, str(program)], home, front.authority)
        answers = f"{front.address}\n{platform.demo_key}\n{front.authority}\n"
        yield "auth", algo.run(["auth"], "Configuring authentication", answers=answers)
        yield from _check_commands(algo, Path(home))
        yield "clone", _check_clone(algo, platform.demo_key)


def _check_commands(algo: "AlgoCommand", home: Path) -> Iterator[tuple[str, str | None]]:
    note, back = home / "note.txt", home / "back.txt"
    note.write_text("from a file")
    uri = f"data://.my/cli_{os.getpid()}"
    for name, arguments, wanted in (
        ("run with text", ["run", "demo/template_python", "-d", "Ann"], "Hello Ann"),
        ("run with JSON", ["run", "demo/echo_python", "-j", "[1, 2]"], "[1, 2]"),
        ("run that fails", ["run", "demo/template_python", "-d", FAIL], "no greeting for fail"),
        ("mkdir", ["mkdir", uri], ""),
        ("ls", ["ls", "data://.my/"], uri.rpartition("/")[2]),
        ("cp to a collection", ["cp", str(note), f"{uri}/note.txt"], ""),
        ("ls -l", ["ls", "-l", f"{uri}/"], "note.txt"),
        ("cat", ["cat", f"{uri}/note.txt"], "from a file"),
        ("cp from a collection", ["cp", f"{uri}/note.txt", str(back)], ""),
        ("rm", ["rm", f"{uri}/note.txt"], ""),
        ("rmdir", ["rmdir", uri], ""),
    ):
        yield name, algo.run(arguments, wanted)
    yield "copies whole files", None if back.is_file() and back.read_text() == "from a file" else "it did not"


def _check_clone(algo: "AlgoCommand", key: str) -> str | None:
    """Git asks for the key itself: the command has no way to hand it on."""
    helper = f"!echo username=anybody; echo password={key}; :"
    settings = f'[credential]\n\thelper = "{helper}"\n[http]\n\tsslCAInfo = {algo.authority}\n'
    (Path(algo.home) / ".gitconfig").write_text(settings)
    failure = algo.run(["clone", "demo/template_python"], "cloning src for demo/template_python")
    cloned = (Path(algo.home) / "template_python" / ".git").is_dir()
    return failure or (None if cloned else "it copied nothing")


@dataclass(frozen=True)
class AlgoCommand:
    """The command, for a user whose home is `home`."""

    command: list[str]
    home: str
    authority: Path
    """Besides the command's own setting, since `run` asks without that where it is told the type of its input."""

    def run(self, arguments: list[str], wanted: str, *, answers: str = "") -> str | None:
        """Why it failed, or did not say what is wanted; None when all is well."""
        done = subprocess.run(
            [*self.command, *arguments],
            env={"PATH": os.environ["PATH"], "HOME": self.home, "REQUESTS_CA_BUNDLE": str(self.authority)},
            cwd=self.home,
            input=answers,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        said = done.stdout + done.stderr
        if wanted in said and (done.returncode == 0 or FAIL in arguments):
            return None
        return said.strip()[-300:] or f"exit code {done.returncode}"
