"""`agora clone`"""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click

from marketplace.cli.call import REFERENCE
from marketplace.cli.credentials import Credentials, load_credentials


@click.command("clone")
@click.argument("reference")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def command(reference: str, folder: Path | None) -> None:
    """Copy the source of REFERENCE (owner/name) to FOLDER, by git.

    In the copy, `git push` and `git pull` ask `agora` for the key: it is written nowhere else.
    """
    found = REFERENCE.fullmatch(reference)
    if found is None or found[1].count("/") != 1:
        raise click.ClickException(f"{reference!r} is not an algorithm: write owner/name.")
    if shutil.which("git") is None:
        raise click.ClickException("git is missing: install it, on Debian by `apt-get install git`.")
    target = folder or Path(found[1].partition("/")[2])
    if subprocess.run(_git_command(load_credentials(), found[1], target), env=_environ(), check=False).returncode:
        raise click.ClickException(f"{found[1]} was not copied: what git says above is why.")
    click.echo(f"Wrote {target}/: commit what you change, and `git push` builds it.")


def _git_command(credentials: Credentials, name: str, target: Path) -> list[str]:
    """Git gets the key from `agora credential`, and from no helper that the author has set up for other hosts."""
    helper = f"credential.{credentials.address}.helper"
    options = ["-c", f"{helper}=", "-c", f"{helper}=!{_this_program()} credential"]
    return ["git", "clone", *options, "--", f"{credentials.address}/git/{name}.git", str(target)]


def _this_program() -> str:
    """For a shell."""
    agora = shutil.which("agora", path=str(Path(sys.executable).parent))
    return shlex.join([agora] if agora else [sys.executable, "-m", "marketplace.cli"])


def _environ() -> dict[str, str]:
    """A key that is refused ends the command; git would ask for another one."""
    return {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true"}
