"""What a slot's user cannot reach, because a folder on the way is closed to it (a home with mode 0700).

The agent, as root, shows them to that one process at another place, in a mount namespace of the process's own.
"""

import stat
from collections.abc import Iterable
from pathlib import Path

# $1 is an empty folder, then what to show in it as 0, 1, 2..., then --, then the command.
STAGE_SCRIPT = """
place=$1; shift; number=0
mount -t tmpfs -o mode=755,size=64k stage "$place"
while [ "$1" != -- ]; do
  if [ -d "$1" ]; then mkdir "$place/$number"; else : >"$place/$number"; fi
  mount --bind "$1" "$place/$number"
  number=$((number + 1)); shift
done
shift; exec "$@"
"""


def is_open_to_all(folder: Path) -> bool:
    """Whether any user may reach into `folder`."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in [folder, *folder.parents])


def stage(place: Path, folders: Iterable[Path]) -> dict[Path, Path]:
    """For each folder that a slot's user cannot reach, where STAGE_SCRIPT will show it."""
    hidden = [folder for folder in dict.fromkeys(folders) if not is_open_to_all(folder.parent)]
    return {folder: place / str(number) for number, folder in enumerate(hidden)}


def stage_command(place: Path, staged: dict[Path, Path]) -> list[str]:
    """The start of a command line that shows `staged` to what follows it."""
    if not staged:
        return []
    unshare = ["unshare", "--mount", "--propagation", "private", "--"]
    return [*unshare, "sh", "-ec", STAGE_SCRIPT, "sh", str(place), *map(str, staged), "--"]
