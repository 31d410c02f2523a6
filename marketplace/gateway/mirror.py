"""The directory in the gateway's memory: keys, algorithms and balances, filled from Redis and kept fresh.

It subscribes to the changes first and reads everything then, so that nothing falls between. When the connection breaks
it does so again. Entries are replaced, never changed.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import TypeVar
from zlib import crc32

import msgspec
import redis.asyncio
from redis.exceptions import RedisError

from billing.api import HOT_BALANCES, SPENT_COUNTS, Period, read_number, spent_key
from execution.client import VersionSpec
from marketplace.algorithms.version_numbers import is_exact, list_fitting, resolve_up_to, resolve_version
from marketplace.directory.entries import (
    ALGORITHMS,
    APPROVALS,
    CHANGES,
    KEYS,
    LIMITS,
    AlgorithmEntry,
    ApprovalsEntry,
    Change,
    KeyEntry,
    LimitsEntry,
    VersionEntry,
)
from marketplace.gateway.addresses import Address
from marketplace.gateway.notices import Notice, notice_of

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 0.1
DECODED_AT_ONCE = 200
"""Entries that are decoded before others have a turn: 8,000 algorithms would stop every call for a while."""

CANCEL_SECONDS = 1.0
LONGEST_TIMER_SECONDS = 86_400.0

PERIODS: tuple[Period, ...] = ("day", "month")
EntryT = TypeVar("EntryT")

HASHES = {
    "keys": KEYS,
    "algorithms": ALGORITHMS,
    "balances": HOT_BALANCES,
    "limits": LIMITS,
    "approvals": APPROVALS,
}
_key = msgspec.json.Decoder(KeyEntry)
_algorithm = msgspec.json.Decoder(AlgorithmEntry)
_limits = msgspec.json.Decoder(LimitsEntry)
_approvals = msgspec.json.Decoder(ApprovalsEntry)
_change = msgspec.json.Decoder(Change)


class Target(msgspec.Struct, frozen=True):
    """A version that can be called, and what the kernel must know of it."""

    algorithm: AlgorithmEntry
    version: VersionEntry
    spec: VersionSpec
    full_name: str
    """`owner/name`"""
    unpublished: bool = False
    """Whether it is a build, which its owners alone may call."""
    notice: Notice | None = None
    """What its callers are told besides the answer."""
    candidate: "Target | None" = None
    """The version that `percent` of 100 callers get instead."""
    percent: int = 0

    def choose_for(self, caller: str) -> "Target":
        """Of this version and its candidate, the one that this caller gets; the same one each time.

        Whoever gets the candidate keeps it when the percentage rises.
        """
        if self.candidate is None:
            return self
        drawn = crc32(f"{self.algorithm.algorithm_id} {caller}".encode()) % 100
        return self.candidate if drawn < self.percent else self


class Mirror:
    """One per gateway process. `start()` first, `close()` last."""

    def __init__(self, redis_url: str) -> None:
        self.keys: dict[str, KeyEntry] = {}
        """By the hash of their text."""
        self.key_teams: dict[str, str] = {}
        """By the ids of all of them: a right to call ends with the key that its tree began with, and reaches as far."""
        self.balances: dict[str, int] = {}
        """What each organization may still spend, in micro-credits, as Redis said last."""
        self.limits: dict[str, LimitsEntry] = {}
        """By organization; only of those that have any."""
        self.approvals: dict[str, ApprovalsEntry] = {}
        """By organization; only of those that may not call whatever is public."""
        self.counts: dict[str, dict[str, int]] = {}
        """What budgets have spent and which free calls were had, by Redis's hash and field. The meter's writer adds."""
        self.on_new_version: Callable[[VersionSpec], None] = lambda _: None
        """Is told of each version that is published while this gateway runs."""
        self._algorithms: dict[str, AlgorithmEntry] = {}
        self._fields: dict[str, str] = {}
        """Of each algorithm, by its id."""
        self._targets: dict[str, dict[str | tuple[str, str], Target | None]] = {}
        """By what an address names the algorithm by, then by selector, or that and a bound: what was looked up since
        the entry came."""
        self._client = redis.asyncio.Redis.from_url(redis_url, client_name="mirror")
        self._filled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        """Until the next announced price takes effect."""

    async def start(self) -> None:
        """Returns when everything is known; waits for a Redis that is away."""
        self._task = asyncio.create_task(self._follow(), name="directory mirror")
        await self._filled.wait()

    async def close(self) -> None:
        """Stops following."""
        if self._timer is not None:
            self._timer.cancel()
        while self._task is not None and not self._task.done():
            self._task.cancel()  # again, where the Redis client took the first one for a broken connection
            await asyncio.wait([self._task], timeout=CANCEL_SECONDS)
        await self._client.aclose()

    def find(self, address: Address) -> Target | None:
        """The version that the address names, whoever may call it."""
        known = self._targets.get(address.field)
        if known is not None and address.selector in known:
            return known[address.selector]
        algorithm = self._algorithms.get(self._fields.get(address.field, address.field))
        if algorithm is None:
            return None
        known = self._targets.setdefault(address.field, {})
        if len(known) > len(algorithm.versions) + 10:  # callers who guess
            known.clear()
        target = known[address.selector] = self._resolve(algorithm, address.selector)
        return target

    def find_up_to(self, address: Address, up_to: str) -> Target | None:
        """Of the versions that an address found may mean, the newest that is not above `up_to`."""
        known = self._targets[address.field]
        selector = (address.selector, up_to)
        if selector not in known:
            algorithm = self._algorithms[self._fields.get(address.field, address.field)]
            version = resolve_up_to(algorithm.versions, address.selector, up_to)
            known[selector] = self._target(algorithm, version) if version else None
        return known[selector]

    def find_version(self, version_id: str) -> Target | None:
        """A version that has been looked up, by its own id."""
        return next((target for target in self._looked_up() if target.version.version_id == version_id), None)

    def find_versions(self, version_ids: Collection[str]) -> dict[str, Target]:
        """Those of them that have been looked up, by their ids; in one pass, since that may be tens of thousands."""
        return {
            target.version.version_id: target
            for target in self._looked_up()
            if target.version.version_id in version_ids
        }

    def _looked_up(self) -> Iterator[Target]:
        known = (target for targets in self._targets.values() for target in targets.values() if target)
        return (each for target in known for each in (target, target.candidate) if each)

    def _resolve(self, algorithm: AlgorithmEntry, selector: str) -> Target | None:
        if (halves := _find_split(algorithm, selector)) is not None:
            base, candidate, percent = halves
            return msgspec.structs.replace(
                self._target(algorithm, base), candidate=self._target(algorithm, candidate), percent=percent
            )
        version = resolve_version(algorithm.versions, selector)
        if version is not None:
            return self._target(algorithm, version)
        build = _find_build(algorithm, selector.lower())
        return msgspec.structs.replace(self._target(algorithm, build), unpublished=True) if build else None

    def _target(self, algorithm: AlgorithmEntry, version: VersionEntry) -> Target:
        version = self._price(version)
        full_name = f"{algorithm.owner}/{algorithm.name}"
        return Target(algorithm, version, _spec_of(algorithm, version), full_name, notice=notice_of(version))

    def _price(self, version: VersionEntry) -> VersionEntry:
        """The version at the price in force; what was looked up is forgotten when the next one takes effect."""
        now = time.time()
        begun = [price for price in version.later_prices if price.effective_at <= now]
        if len(begun) < len(version.later_prices):
            self._forget_targets_in(version.later_prices[len(begun)].effective_at - now)
        return msgspec.structs.replace(version, price=begun[-1]) if begun else version

    def _forget_targets_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        moment = loop.time() + min(seconds, LONGEST_TIMER_SECONDS)
        if self._timer is not None and loop.time() < self._timer.when() <= moment:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(moment, self._forget_targets)

    def _forget_targets(self) -> None:
        self._targets = {}

    async def _follow(self) -> None:
        while True:
            try:
                async with self._client.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(CHANGES)
                    await self._fill()
                    self._filled.set()
                    async for message in subscription.listen():
                        await self._apply(_change.decode(message["data"]))
            except (RedisError, OSError) as error:
                logger.warning("The directory cannot be followed, and is read again in a moment: %s", error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _fill(self) -> None:
        """Everything anew: what was missed while nobody listened is in it."""
        hashes = (KEYS, ALGORITHMS, HOT_BALANCES, LIMITS, APPROVALS)
        keys, algorithms, balances, limits, approvals = [await self._client.hgetall(name) for name in hashes]
        self.keys = {field.decode(): _key.decode(value) for field, value in keys.items()}
        self.key_teams = {entry.key_id: entry.team for entry in self.keys.values()}
        self.balances = _to_numbers(balances)
        self.limits = {field.decode(): _limits.decode(value) for field, value in limits.items()}
        self.approvals = {field.decode(): _approvals.decode(value) for field, value in approvals.items()}
        await self._read_spent()
        decoded = {}
        for number, (field, value) in enumerate(algorithms.items()):
            decoded[field.decode()] = _algorithm.decode(value)
            if number % DECODED_AT_ONCE == 0:
                await asyncio.sleep(0)
        self._algorithms, self._targets = decoded, {}
        self._fields = {entry.algorithm_id: field for field, entry in decoded.items()}
        logger.info("The gateway knows %d keys and %d algorithms", len(self.keys), len(decoded))

    async def _apply(self, change: Change) -> None:
        value = await self._client.hget(HASHES[change.kind], change.field)
        if change.kind == "keys":
            self._replace_key(change.field, _key.decode(value) if value else None)
        elif change.kind == "balances":
            _replace(self.balances, change.field, read_number(value))
        elif change.kind == "approvals":
            _replace(self.approvals, change.field, _approvals.decode(value) if value else None)
        elif change.kind == "limits":
            await self._read_spent()  # first: a budget is not looked at before what was spent of it is known
            _replace(self.limits, change.field, _limits.decode(value) if value else None)
        else:
            self._replace_algorithm(change.field, _algorithm.decode(value) if value else None)

    def _replace_key(self, field: str, entry: KeyEntry | None) -> None:
        before = self.keys.get(field)
        if before is not None:
            self.key_teams.pop(before.key_id, None)
        if entry is not None:
            self.key_teams[entry.key_id] = entry.team
        _replace(self.keys, field, entry)

    async def _read_spent(self) -> None:
        """What budgets have spent in this day and month; the counts of periods that are over are forgotten."""
        keys = [spent_key(period, time.time()) for period in PERIODS]
        for key in [old for old in self.counts if old.startswith(SPENT_COUNTS) and old not in keys]:
            del self.counts[key]
        for key in keys:
            found = await self._client.hgetall(key)
            self.counts.setdefault(key, {}).update(_to_numbers(found))

    async def read_count(self, key: str, field: str) -> None:
        """Reads a count that other gateways raise too; a Redis that is away leaves it as it is known here."""
        with suppress(RedisError, OSError):
            value = read_number(await self._client.hget(key, field)) or 0
            known = self.counts.setdefault(key, {})
            known[field] = max(value, known.get(field, 0))  # what is on its way to Redis is counted here already

    def _replace_algorithm(self, field: str, entry: AlgorithmEntry | None) -> None:
        before = self._algorithms.get(field)
        if before is not None:
            self._fields.pop(before.algorithm_id, None)
            self._targets.pop(before.algorithm_id, None)
        if entry is not None:
            self._fields[entry.algorithm_id] = field
        _replace(self._algorithms, field, entry)
        self._targets.pop(field, None)
        known = {version.version_id for version in before.versions} if before is not None else set()
        for version in entry.versions if entry is not None else ():
            if version.version_id not in known:
                self.on_new_version(_spec_of(entry, version))


def _to_numbers(found: dict[bytes, bytes]) -> dict[str, int]:
    """Without what somebody spoilt: it is made anew in a moment."""
    numbers = {field.decode(): read_number(value) for field, value in found.items()}
    return {field: number for field, number in numbers.items() if number is not None}


def _replace(entries: dict[str, EntryT], field: str, entry: EntryT | None) -> None:
    if entry is None:
        entries.pop(field, None)
    else:
        entries[field] = entry


def _find_split(algorithm: AlgorithmEntry, selector: str) -> tuple[VersionEntry, VersionEntry, int] | None:
    """Base, candidate and percentage, where the selector may mean both and names neither."""
    if algorithm.split is None or is_exact(selector):
        return None
    fitting = {version.version_id: version for version in list_fitting(algorithm.versions, selector)}
    base, candidate = fitting.get(algorithm.split.base), fitting.get(algorithm.split.candidate)
    return (base, candidate, algorithm.split.percent) if base and candidate else None


def _find_build(algorithm: AlgorithmEntry, selector: str) -> VersionEntry | None:
    """By the hash of its source, or by its id without dashes."""
    named = (build for build in algorithm.builds if selector in (build.source_hash, build.version_id.replace("-", "")))
    return next(named, None)


def _spec_of(algorithm: AlgorithmEntry, version: VersionEntry) -> VersionSpec:
    return VersionSpec(
        version_id=version.version_id,
        name=algorithm.name,
        artifact=version.artifact,
        environment=version.environment,
        entry=version.entry,
        timeout_seconds=version.timeout_seconds,
        memory_bytes=version.memory_bytes,
        network=version.network,
        calls_others=version.calls_others,
        secrets=algorithm.secrets,
        signature=version.signature,
    )
