"""Between a push's hook and the platform: files in a folder of that one push (marketplace/repositories/hooks)."""

import asyncio
import logging
from pathlib import Path

from marketplace.api.data.threads import ask_database
from marketplace.api.git.access import Admitted
from marketplace.errors import MarketplaceError
from marketplace.repositories.git import BRANCH, GitFailed
from marketplace.repositories.services import describe_push, receive_commit
from marketplace.repositories.trees import NOTHING

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.02
OUR_FAULT = "The commits are kept, but something went wrong on our side: nothing is built. Push again in a moment.\n"


async def answer_hook(folder: Path, admitted: Admitted) -> None:
    """Waits for the hook to say what was pushed, and tells it what to say. Cancelled when git has ended."""
    received = folder / "received"
    while not received.exists():  # noqa: ASYNC110 - a shell script tells by a file
        await asyncio.sleep(LOOK_SECONDS)
    said = folder / "said.new"
    said.write_text(await ask_database(_take, admitted, received.read_text(errors="replace")))
    said.rename(folder / "said")


def _take(admitted: Admitted, text: str) -> str:
    publish, commit, others = read_received(text)
    if commit is None:
        return f"Nothing is built: only {BRANCH} is.\n" if others else ""
    assert admitted.scope is not None, "nobody else may push"
    try:
        push = receive_commit(algorithm=admitted.algorithm, scope=admitted.scope, commit=commit, publish=publish)
    except (MarketplaceError, GitFailed) as error:
        return f"Not built: {error}\n"
    except Exception:
        logger.exception("A push to %s", admitted.algorithm)
        return OUR_FAULT
    return describe_push(push)


def read_received(text: str) -> tuple[str, str | None, bool]:
    """What the hook wrote: the option `publish`, the main branch's new commit, and whether others came."""
    publish, commit, others = "", None, False
    for line in text.splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "option" and rest.startswith("publish="):
            publish = rest.removeprefix("publish=")
        elif kind == "update":
            _, new, reference = rest.split(" ", 2)
            if reference != f"refs/heads/{BRANCH}":
                others = True
            elif new.strip("0") and new != NOTHING:
                commit = new
    return publish, commit, others
