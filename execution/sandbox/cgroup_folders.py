"""What both versions of control groups share: a group is one folder per controller, and is removed when empty."""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def kill_members(folder: Path) -> None:
    """Kills every process in the group at `folder`."""
    with suppress(OSError):
        for line in (folder / "cgroup.procs").read_text().splitlines():
            with suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)


def remove_folders(folders: Sequence[Path]) -> bool:
    """Removes groups; False if a process is still in one of them."""
    done = True
    for folder in folders:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            done = False
    return done


def count_after(path: Path, word: str) -> int:
    """The number after `word` in a file of `word number` lines; 0 if there is none."""
    with suppress(OSError):
        for line in path.read_text().splitlines():
            if line.startswith(word + " "):
                return int(line.split()[1])
    return 0
