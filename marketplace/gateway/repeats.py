"""Idempotency keys: a call that is sent twice with the same key is made once, and answered twice. In Redis, for a day.

A key belongs to the payer and the algorithm. Redis layout: `idempotency:<payer>:<algorithm>:<SHA-256 of the key>` holds
an Entry as MessagePack. The mark of a call that runs goes away by itself some time after the call must have ended, so
that a gateway that was killed keeps no key for ever.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from marketplace.gateway.call import Call
from marketplace.gateway.errors import BadRequest, KeyInUse, KeyOfAnother, NotNow
from marketplace.gateway.replies import Reply

logger = logging.getLogger(__name__)

KEPT_SECONDS = 24 * 3600
GRACE_SECONDS = 60
"""How much longer than its own time a call may take: for its place in a queue, and for loading."""
LARGEST_KEPT = 1 << 20
"""Bytes of an answer. A call with a larger one is not made twice either, but its answer is not told again."""
LONGEST_KEY = 255
UNMADE = frozenset({429, 503})
"""Statuses of calls that may be tried again: nothing is owed for them."""
REPLAYED = b"idempotency-replayed: true\r\n"

Make = Callable[[Call, bytes], Awaitable[Reply]]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A key that was used: of a call that runs while `status` is 0."""

    fingerprint: bytes
    call_id: str
    status: int = 0
    content_type: bytes = b""
    body: bytes | None = None
    """None if it was larger than LARGEST_KEPT."""
    headers: bytes = b""


_decoder = msgspec.msgpack.Decoder(Entry)


class Repeats:
    """One per gateway process."""

    def __init__(self, redis_url: str) -> None:
        self._client = redis.asyncio.Redis.from_url(redis_url, client_name="repeats")

    async def close(self) -> None:
        """For when no call is left."""
        await self._client.aclose()

    async def make_once(self, call: Call, body: bytes, make: Make) -> Reply:
        """Makes the call, or answers what it was answered before. Raises Refused."""
        name, entry = _name_of(call), Entry(_fingerprint(call, body), call.id)
        try:
            known = await self._begin(name, entry, call.seconds + GRACE_SECONDS)
        except RedisError:
            raise NotNow("Whether this call was made before cannot be seen now: try again in a moment.") from None
        if known is not None:
            return _answer_again(known, entry)
        try:
            reply = await make(call, body)
        except BaseException:  # a caller who went away too: the algorithm was stopped, and may be called again
            await self._forget(name)
            raise
        await (self._forget(name) if reply.status in UNMADE else self._keep(name, entry, reply))
        return reply

    async def _begin(self, name: str, entry: Entry, seconds: int) -> Entry | None:
        """What the key was used for before; None if it is this call's now."""
        while not await self._client.set(name, msgspec.msgpack.encode(entry), nx=True, ex=seconds):
            held = await self._client.get(name)
            if held is not None:  # else it went away in this moment
                return _decoder.decode(held)
        return None

    async def _keep(self, name: str, entry: Entry, reply: Reply) -> None:
        kept = msgspec.structs.replace(
            entry,
            status=reply.status,
            content_type=reply.content_type,
            body=reply.body if len(reply.body) <= LARGEST_KEPT else None,
            headers=reply.headers,
        )
        try:
            await self._client.set(name, msgspec.msgpack.encode(kept), ex=KEPT_SECONDS)
        except RedisError:  # the call is made, metered and answered; its key stays in use for a while
            logger.exception("The answer of call %s is not kept for its idempotency key.", entry.call_id)

    async def _forget(self, name: str) -> None:
        try:
            await self._client.delete(name)
        except RedisError:
            logger.exception("An idempotency key stays in use for a while.")


def check_key(key: bytes, *, streams: bool) -> None:
    """Raises BadRequest."""
    if streams:
        raise BadRequest("A call whose result streams has no idempotency key: ask for application/json.")
    if not (len(key) <= LONGEST_KEY and key.isascii() and key.decode("ascii", "replace").isprintable()):
        raise BadRequest(f"An idempotency key is 1 to {LONGEST_KEY} printable ASCII characters.")


def _answer_again(known: Entry, entry: Entry) -> Reply:
    if known.fingerprint != entry.fingerprint:
        raise KeyOfAnother
    if not known.status:
        raise KeyInUse("The call with this idempotency key runs: its answer comes when it has ended.")
    if known.body is None:
        raise KeyInUse(
            f"The call with this idempotency key was made, as {known.call_id}; its answer was too large to keep."
        )
    return Reply(known.status, known.content_type, known.body, known.headers + REPLAYED)


def _name_of(call: Call) -> str:
    key = hashlib.sha256(call.idempotency_key).hexdigest()
    return f"idempotency:{call.caller.payer_id}:{call.target.algorithm.algorithm_id}:{key}"


def _fingerprint(call: Call, body: bytes) -> bytes:
    """Of what is asked. Not of the version: the newest may be another one by now."""
    digest = hashlib.sha256(f"{call.kind} {call.options.output}\n".encode())
    digest.update(body)
    return digest.digest()
