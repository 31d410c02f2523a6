"""The door for git clients: an ASGI application in front of Django, which would keep each body on disk first."""

import asyncio
import logging
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from marketplace.api.data.replies import Send, Sending
from marketplace.api.data.threads import ask_database
from marketplace.api.data.uploads import ClientGone, Receive
from marketplace.api.git.access import Admitted, KeyNeeded, admit
from marketplace.api.git.backend import Stalled, run_backend
from marketplace.api.git.pushes import answer_hook
from marketplace.api.git.requests import GitRequest, read_request
from marketplace.errors import MarketplaceError, NotFound, PermissionDenied, Unavailable

logger = logging.getLogger(__name__)

AT_ONCE = 8
"""Clones and pushes of one web process: each is a process of git. Others wait."""
CHALLENGE = [(b"www-authenticate", b'Basic realm="Agora: any user name, and an API key as password"')]
STATUSES: Mapping[type[Exception], int] = {NotFound: 404, PermissionDenied: 403, Unavailable: 503, Stalled: 408}

_places = asyncio.Semaphore(AT_ONCE)


async def answer_git(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application."""
    request = read_request(scope)
    if request is None:
        await _say(send, 404, "This is a git repository: `git clone` its address. Only the smart protocol is spoken.")
        return
    sending = Sending(send)
    try:
        admitted = await ask_database(admit, request)
        async with _places:
            await _serve(request, admitted, receive, sending)
    except KeyNeeded:
        await _say(send, 401, "Send an API key as password: any user name will do.", CHALLENGE)
    except ClientGone:
        return
    except (MarketplaceError, Stalled) as error:
        if not sending.started:
            await _say(send, STATUSES.get(type(error), 400), str(error))
    except Exception:
        logger.exception("git at %s", scope["path"])
        if not sending.started:
            await _say(send, 500, "Something went wrong on our side: try again in a moment.")


async def _serve(request: GitRequest, admitted: Admitted, receive: Receive, send: Send) -> None:
    user = admitted.scope.user.get_username() if admitted.scope is not None else ""
    if not request.receives:
        await run_backend(request, admitted.repository, receive, send, user=user, push_folder=None)
        return
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="agora-push-"))
    answering = asyncio.create_task(answer_hook(folder, admitted))
    try:
        await run_backend(request, admitted.repository, receive, send, user=user, push_folder=folder)
    finally:
        answering.cancel()
        with suppress(asyncio.CancelledError):
            await answering
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _say(send: Send, status: int, text: str, headers: list[tuple[bytes, bytes]] | None = None) -> None:
    """Git shows the text of an answer that is plain."""
    named = [(b"content-type", b"text/plain; charset=utf-8"), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
