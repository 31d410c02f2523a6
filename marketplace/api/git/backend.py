"""git http-backend as a CGI program: bodies go through it both ways as they come, and nothing is kept whole."""

import asyncio
from contextlib import suppress
from pathlib import Path

from marketplace.api.data.replies import Send
from marketplace.api.data.uploads import ClientGone, Receive
from marketplace.api.git.requests import GitRequest
from marketplace.repositories.git import environment, find_git

READ_BYTES = 64 << 10
LARGEST_HEAD = 16 << 10
SECONDS = 900.0
"""The longest that one clone or push may take."""
STALL_SECONDS = 60.0
"""The longest that a client may send nothing."""


class Stalled(Exception):
    """Nothing came for STALL_SECONDS, or it took longer than SECONDS."""


async def run_backend(
    request: GitRequest, repository: Path, receive: Receive, send: Send, *, user: str, push_folder: Path | None
) -> None:
    """Answers the request. `push_folder` is where the hook says what was pushed. Raises ClientGone, Stalled."""
    process = await asyncio.create_subprocess_exec(
        find_git(),
        "http-backend",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_variables(request, repository, user, push_folder),
    )
    feeding = asyncio.create_task(_feed(process, receive))
    try:
        async with asyncio.timeout(SECONDS):
            await _relay(process, send)
            await process.wait()
    except TimeoutError:
        raise Stalled from None
    finally:
        if process.returncode is None:
            process.kill()
        feeding.cancel()
        await asyncio.wait([feeding])
    with suppress(asyncio.CancelledError):
        feeding.result()


def _variables(request: GitRequest, repository: Path, user: str, push_folder: Path | None) -> dict[str, str]:
    named = {
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "CONTENT_LENGTH": request.headers.get("content-length", ""),
        "REMOTE_USER": user,
        "AGORA_PUSH": str(push_folder) if push_folder is not None else "",
    }
    return environment(
        GIT_PROJECT_ROOT=str(repository.parent),
        GIT_HTTP_EXPORT_ALL="1",
        PATH_INFO=f"/{repository.name}/{request.service}",
        QUERY_STRING=request.query,
        REQUEST_METHOD=request.method,
        GIT_COMMITTER_NAME=user or "nobody",
        GIT_COMMITTER_EMAIL=f"{user or 'nobody'}@users.noreply.agora",
        **{name: value for name, value in named.items() if value},
    )


async def _feed(process: asyncio.subprocess.Process, receive: Receive) -> None:
    """The body, as fast as git takes it. A client that goes away ends git, which then keeps nothing."""
    assert process.stdin is not None, "a pipe"
    try:
        while True:
            async with asyncio.timeout(STALL_SECONDS):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            with suppress(BrokenPipeError, ConnectionResetError):  # git has seen enough
                process.stdin.write(message.get("body", b""))
                await process.stdin.drain()
            if not message.get("more_body"):
                break
    except (TimeoutError, ClientGone):
        process.kill()
        raise ClientGone from None
    process.stdin.close()


async def _relay(process: asyncio.subprocess.Process, send: Send) -> None:
    assert process.stdout is not None, "a pipe"
    try:
        head = await process.stdout.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise ClientGone from None  # it was killed, since nobody waits for its answer
    status, headers = read_head(head)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    while chunk := await process.stdout.read(READ_BYTES):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def read_head(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """Status and headers as a CGI program writes them (RFC 3875, 6.3)."""
    status, headers = 200, []
    for line in head.strip().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"status":
            status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    return status, headers
