"""Where builds keep what they download: each owner's apart from every other's."""

import os
import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

KEPT_FOR = timedelta(days=7)
"""After an owner's last build. What is gone is downloaded again."""


def shared_cache() -> Path:
    """Of what is the same for all owners, and comes from none of them."""
    return Path(settings.AGORA_HOME) / "cache" / "builds"


def use_owner_cache(organization_id: uuid.UUID) -> Path:
    """The owner's folder, which is in use from now on."""
    folder = shared_cache() / "owners" / str(organization_id)
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    return folder


def prune_owner_caches(*, now: datetime) -> int:
    """Removes those that no build has used for KEPT_FOR, and answers how many."""
    owners = shared_cache() / "owners"
    last = (now - KEPT_FOR).timestamp()
    unused = [folder for folder in owners.glob("*") if folder.stat().st_mtime < last]
    for folder in unused:
        shutil.rmtree(folder, ignore_errors=True)
    return len(unused)
