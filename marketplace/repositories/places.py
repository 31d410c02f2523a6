"""Where repositories are: bare ones, named by the algorithm's id, since a name can be given again."""

import shutil
import tempfile
from pathlib import Path

from django.conf import settings

from marketplace.algorithms.models import Algorithm
from marketplace.repositories.git import run_git


def folder_of(algorithm: Algorithm) -> Path:
    """It may not be there yet."""
    name = str(algorithm.pk)
    return Path(settings.REPOSITORIES) / name[:2] / f"{name}.git"


def ensure_repository(algorithm: Algorithm) -> Path:
    """The algorithm's repository, made empty if there is none: whole, or not at all. Raises Unavailable."""
    folder = folder_of(algorithm)
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(dir=folder.parent, prefix="new-"))
    try:
        run_git(new, "init", "--quiet", "--bare")
        new.rename(folder)
    except FileExistsError:  # somebody else has just made it
        shutil.rmtree(new)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not folder.exists():
            raise
    return folder


def clone_address(algorithm: Algorithm) -> str:
    """What `git clone` takes."""
    return f"{settings.AGORA_ADDRESS}/git/{algorithm.full_name}.git"
