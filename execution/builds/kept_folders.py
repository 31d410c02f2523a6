"""Folders that are made once and kept in the cache, whichever build is the first to need them."""

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path


def keep_folder(made: Path, place: Path, *, copy: Callable[[str, str], object] = shutil.copy2) -> None:
    """Copies `made` to `place`, each file by `copy`, unless another build has been faster. `place` is always whole."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = place.with_name(f"{place.name}-{uuid.uuid4().hex}")  # a builder builds several at once
    shutil.copytree(made, beside, symlinks=True, copy_function=copy)
    try:
        beside.rename(place)
    except OSError:
        shutil.rmtree(beside)
        if not place.is_dir():
            raise
