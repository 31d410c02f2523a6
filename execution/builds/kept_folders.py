"""Folders that are made once and kept in the cache, whichever build is the first to need them."""

import os
import shutil
from pathlib import Path


def keep_folder(made: Path, place: Path) -> None:
    """Copies `made` to `place`, unless another build has been faster. What is at `place` is always whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f"{place.name}-{os.getpid()}")
    shutil.copytree(made, beside, symlinks=True)
    try:
        beside.rename(place)
    except OSError:
        shutil.rmtree(beside)
        if not place.is_dir():
            raise
