"""Who calls, in whose name, and who pays."""

import msgspec

from marketplace.directory.keys import hash_key, read_key
from marketplace.directory.tokens import NOBODY, PREFIX, CallToken, read_token, sign_token
from marketplace.gateway.addresses import Options
from marketplace.gateway.errors import BadRequest, TreeStopped, Unauthorized
from marketplace.gateway.mirror import Mirror, Target

MOST_DEPTH = 16
"""How many calls may stand above one: each of them holds a slot while it waits."""
TOKEN_GRACE_SECONDS = 5
LOADING_SECONDS = 60


MOST_CALLS = 10_000
"""How many calls may be made below one that somebody made, unless they said otherwise."""


class TreeBounds(msgspec.Struct, frozen=True):
    """What ends a call tree that does not end by itself."""

    depth: int = MOST_DEPTH
    calls: int = MOST_CALLS
    cost: int | None = None
    """Micro-credits; None for no bound but the balance and the budgets."""

    def narrow(self, options: Options, depth: int) -> "TreeBounds":
        """With what a call `depth` deep asks for: bounds are never widened by whoever was called."""
        if options.max_depth is None and options.max_calls is None and options.max_cost is None:
            return self
        return TreeBounds(
            depth=self.depth if options.max_depth is None else min(self.depth, depth + options.max_depth),
            calls=self.calls if options.max_calls is None else min(self.calls, options.max_calls),
            cost=_least(self.cost, options.max_cost),
        )


NO_BOUNDS = TreeBounds()


class Caller(msgspec.Struct, frozen=True):
    """An organization that calls, by an API key or by a right to call."""

    payer_id: str
    user_id: int
    key_id: str | None
    root_id: str | None = None
    """The first call of the tree that this caller stands in; None for one who starts a tree."""
    parent_id: str | None = None
    depth: int = 0
    allowed: tuple[str, ...] | None = None
    """Beginnings of the `owner/name/` that a restricted key may call; None for all."""
    bounds: TreeBounds = NO_BOUNDS
    web: bool = True
    """Whether its key may be used from pages in a browser, and of which host: see directory/sites.py."""
    referer_host: str = ""
    addresses: tuple[str, ...] = ()
    """The networks that its key may be used from; none for all."""

    @property
    def name(self) -> str:
        """Whom traffic that is split goes by: the key that began the tree, or the person."""
        return self.key_id or f"{self.payer_id} {self.user_id}"

    def may_call(self, field: str) -> bool:
        """Whether the caller's key lets it call the algorithm with that field in the directory."""
        return self.allowed is None or f"{field}/".startswith(self.allowed)


class Credentials(msgspec.Struct, frozen=True):
    """What an Authorization header says: an API key, of which the hash is enough, or a right to call; or nothing."""

    key_hash: str = ""
    token: str = ""


def read_credentials(header: bytes) -> Credentials:
    """Reads what may be well known, expired, or invented."""
    text = read_key(header.decode("latin-1"))
    if text.startswith(PREFIX):
        return Credentials(token=text)
    return Credentials(key_hash=hash_key(text)) if text else Credentials()


def identify(credentials: Credentials, *, mirror: Mirror, secret: str, now: float) -> Caller:
    """Whom they stand for; `now` is in seconds since the epoch. Raises Unauthorized, BadRequest."""
    if not (credentials.key_hash or credentials.token):
        raise Unauthorized("authorization required")  # the words that published clients compare
    if credentials.token:
        token = read_token(credentials.token, secret=secret, now=now)
        if token is not None and token.key_id and token.key_id not in mirror.key_teams:
            raise Unauthorized("The API key that began this call was revoked.")
        return _caller_of_token(token)
    entry = mirror.keys.get(credentials.key_hash)
    if entry is None:
        raise Unauthorized("This API key is unknown or revoked.")
    if entry.expires_at and entry.expires_at <= now:
        raise Unauthorized("This API key has expired: make another one.")
    return Caller(
        entry.organization_id,
        entry.user_id,
        entry.key_id,
        allowed=entry.algorithms,
        web=entry.web,
        referer_host=entry.referer_host,
        addresses=entry.addresses,
    )


def make_child_token(
    caller: Caller, *, call_id: str, algorithm: str, bounds: TreeBounds, secret: str, now: float, seconds: int
) -> str:
    """The right to call that an algorithm gets for as long as its own call may take."""
    token = CallToken(
        organization_id=caller.payer_id,
        user_id=caller.user_id,
        key_id=caller.key_id,
        root_id=caller.root_id or call_id,
        parent_id=call_id,
        algorithm=algorithm,
        depth=caller.depth + 1,
        expires=int(now) + seconds + TOKEN_GRACE_SECONDS,
        most_depth=None if bounds.depth == MOST_DEPTH else bounds.depth,
        most_calls=None if bounds.calls == MOST_CALLS else bounds.calls,
        most_cost=bounds.cost,
    )
    return sign_token(token, secret=secret)


def make_loading_token(target: Target, *, secret: str, now: float) -> str:
    """The right to read its owner's data that a version has while it loads. It makes no calls: see MOST_DEPTH."""
    token = CallToken(
        organization_id=target.algorithm.organization_id,
        user_id=NOBODY,
        algorithm=target.full_name,
        depth=MOST_DEPTH + 1,
        expires=int(now) + LOADING_SECONDS,
    )
    return sign_token(token, secret=secret)


def _caller_of_token(token: CallToken | None) -> Caller:
    if token is None:
        raise Unauthorized("This right to call has expired, or was not given by this platform.")
    if token.depth > MOST_DEPTH:
        raise BadRequest(f"Algorithms call each other more than {MOST_DEPTH} deep here: does one call itself for ever?")
    bounds = _bounds_of(token)
    if token.depth > bounds.depth:
        raise TreeStopped("This call would be deeper than the caller of the first one allows (max_depth).")
    return Caller(
        token.organization_id,
        token.user_id,
        token.key_id,
        token.root_id,
        token.parent_id,
        token.depth,
        bounds=bounds,
    )


def _bounds_of(token: CallToken) -> TreeBounds:
    if token.most_depth is None and token.most_calls is None and token.most_cost is None:
        return NO_BOUNDS
    return TreeBounds(
        depth=MOST_DEPTH if token.most_depth is None else token.most_depth,
        calls=MOST_CALLS if token.most_calls is None else token.most_calls,
        cost=token.most_cost,
    )


def _least(first: int | None, second: int | None) -> int | None:
    return second if first is None else first if second is None else min(first, second)
