"""Who may call what: the gateway's own memory, filled from a real Redis and kept fresh by its changes."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest
import redis
from django.conf import settings

from billing.api import HOT_BALANCES, MeterWriter
from execution.client import ExecutionClient
from marketplace.directory import publisher
from marketplace.directory.entries import CHANGES, AlgorithmEntry, KeyEntry, PriceEntry, VersionEntry
from marketplace.directory.keys import hash_key
from marketplace.directory.tokens import CallToken, sign_token
from marketplace.gateway.call import Call
from marketplace.gateway.calls import Gateway
from marketplace.gateway.errors import BadRequest, Forbidden, PaymentRequired, Refused, Unauthorized, UnknownAlgorithm
from marketplace.gateway.failures import FailureLog
from marketplace.gateway.heads import Head
from marketplace.gateway.mirror import Mirror

ANN, BEN = str(uuid.uuid4()), str(uuid.uuid4())
ANNS_KEY, BENS_KEY = "sim" + "a" * 25, "sim" + "b" * 25
BENS_KEY_ID = str(uuid.uuid4())
SECRET = "a secret of this test, long enough to sign with"
FRESH_SECONDS = 1.0


def version_of(number: str, *, royalty: int = 5, compute: int = 0, timeout: int = 300) -> VersionEntry:
    return VersionEntry(
        version_id=str(uuid.uuid4()),
        number=number,
        source_hash=f"{number.replace('.', ''):0>64}",
        artifact="0" * 64,
        environment="python3",
        entry="src/echo.py",
        timeout_seconds=timeout,
        memory_bytes=1 << 28,
        network=False,
        calls_others=True,
        price=PriceEntry(compute_per_second=compute, royalty_per_call=royalty),
    )


def publish(name: str, *versions: VersionEntry, public: bool = True, algorithm_id: str = "") -> None:
    algorithm_id = algorithm_id or str(uuid.uuid4())
    entry = AlgorithmEntry(algorithm_id, "ann", name, organization_id=ANN, public=public, versions=versions)
    publisher.publish_algorithms({f"ann/{name}": entry})


def set_balance(client: redis.Redis, organization_id: str, amount: int) -> None:
    client.hset(HOT_BALANCES, organization_id, amount)
    client.publish(CHANGES, f'{{"kind":"balances","field":"{organization_id}"}}')


@pytest.fixture
async def client() -> AsyncIterator[redis.Redis]:
    """Redis with two organizations, and three algorithms of one of them."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        publisher.publish_keys(
            {
                hash_key(ANNS_KEY): KeyEntry(str(uuid.uuid4()), user_id=1, organization_id=ANN),
                hash_key(BENS_KEY): KeyEntry(BENS_KEY_ID, user_id=2, organization_id=BEN),
            }
        )
        publish("echo", version_of("1.0.0"), version_of("1.1.0"), version_of("0.9.0"))
        publish("secret", version_of("1.0.0"), public=False)
        publish("gift", version_of("1.0.0", royalty=0))
        for organization_id in (ANN, BEN):
            set_balance(client, organization_id, 1_000)
        yield client
        client.flushdb()


@pytest.fixture
async def gateway(client: redis.Redis, tmp_path: Path) -> AsyncIterator[Gateway]:
    mirror, meter = Mirror(settings.REDIS_URL), MeterWriter(settings.REDIS_URL)
    failures = FailureLog(settings.REDIS_URL)
    execution = ExecutionClient(tmp_path / "no.sock")
    made = Gateway(mirror=mirror, execution=execution, meter=meter, failures=failures, secret=SECRET)
    await made.start()
    yield made
    await made.close()


def admit(gateway: Gateway, path: str = "/ann/echo", key: str = BENS_KEY) -> Call:
    headers = [(b"authorization", f"Simple {key}".encode()), (b"content-type", b"application/json")]
    return gateway.admit(Head(b"POST", f"/v1/algo{path}".encode(), headers, keep_alive=True))


async def soon(check: Callable[[], bool]) -> None:
    """Returns when it is so; fails when that takes longer than the promise."""
    deadline = time.monotonic() + FRESH_SECONDS
    while not check():
        assert time.monotonic() < deadline, "the gateway did not hear of it"
        await asyncio.sleep(0.01)


def refuses(gateway: Gateway, error: type[Refused], path: str = "/ann/echo", key: str = BENS_KEY) -> bool:
    try:
        admit(gateway, path, key)
    except error:
        return True
    return False


async def test_a_known_key_calls_the_newest_version(gateway: Gateway) -> None:
    call = admit(gateway)
    assert (call.target.full_name, call.target.version.number) == ("ann/echo", "1.1.0")
    assert (call.caller.payer_id, call.caller.user_id, call.caller.root_id) == (BEN, 2, None)


async def test_a_private_algorithm_is_its_owners_alone(gateway: Gateway) -> None:
    assert admit(gateway, "/ann/secret", ANNS_KEY).target.full_name == "ann/secret"
    assert refuses(gateway, UnknownAlgorithm, "/ann/secret", BENS_KEY)


async def test_an_algorithm_is_found_by_its_id_as_by_its_name(gateway: Gateway) -> None:
    algorithm_id = admit(gateway).target.algorithm.algorithm_id
    assert admit(gateway, f"/{algorithm_id}").target.version.number == "1.1.0"
    assert admit(gateway, f"/{algorithm_id.upper()}/0.9").target.version.number == "0.9.0"
    publish("echo", version_of("3.0.0"))  # under another id
    await soon(lambda: refuses(gateway, UnknownAlgorithm, f"/{algorithm_id}"))
    assert refuses(gateway, UnknownAlgorithm, f"/{uuid.uuid4()}")


async def test_the_latest_private_version_is_its_owners_alone(gateway: Gateway) -> None:
    assert admit(gateway, "/ann/echo/latestPrivate", ANNS_KEY).target.version.number == "1.1.0"
    assert refuses(gateway, UnknownAlgorithm, "/ann/echo/latestPrivate", BENS_KEY)


async def test_a_revoked_key_stops_within_a_second(gateway: Gateway) -> None:
    publisher.publish_keys({hash_key(BENS_KEY): None})
    await soon(lambda: refuses(gateway, Unauthorized))
    assert admit(gateway, key=ANNS_KEY)


async def test_an_announced_price_holds_from_its_moment_on_without_being_told(gateway: Gateway) -> None:
    begins = time.time() + 0.5
    prices = (PriceEntry(0, 7, effective_at=begins), PriceEntry(0, 8, effective_at=begins + 3_600))
    publish("echo", msgspec.structs.replace(version_of("1.0.0"), later_prices=prices))
    await soon(lambda: admit(gateway).target.version.number == "1.0.0")
    assert admit(gateway).target.version.price.royalty_per_call == 5
    await asyncio.sleep(begins - time.time())
    await soon(lambda: admit(gateway).target.version.price.royalty_per_call == 7)


async def test_a_new_version_is_called_within_a_second(gateway: Gateway) -> None:
    admit(gateway)
    publish("echo", version_of("1.1.0"), version_of("2.0.0"))
    await soon(lambda: admit(gateway).target.version.number == "2.0.0")


async def test_a_withdrawn_algorithm_is_unknown_within_a_second(gateway: Gateway) -> None:
    admit(gateway)
    publisher.publish_algorithms({"ann/echo": None})
    await soon(lambda: refuses(gateway, UnknownAlgorithm))


async def test_who_has_nothing_left_calls_only_what_is_free(gateway: Gateway, client: redis.Redis) -> None:
    set_balance(client, BEN, 0)
    await soon(lambda: refuses(gateway, PaymentRequired))
    assert admit(gateway, "/ann/gift")
    set_balance(client, BEN, 1)
    await soon(lambda: not refuses(gateway, PaymentRequired))


async def test_an_organization_without_a_balance_has_nothing(gateway: Gateway, client: redis.Redis) -> None:
    client.hdel(HOT_BALANCES, BEN)
    client.publish(CHANGES, f'{{"kind":"balances","field":"{BEN}"}}')
    await soon(lambda: refuses(gateway, PaymentRequired))


async def test_what_happened_while_the_connection_was_broken_is_known_after_it(
    gateway: Gateway, client: redis.Redis
) -> None:
    client.client_kill_filter(_type="pubsub")
    client.hdel("directory:keys", hash_key(BENS_KEY))  # and nobody says so
    await soon(lambda: refuses(gateway, Unauthorized))


async def test_the_shorter_limit_of_time_holds(gateway: Gateway) -> None:
    assert admit(gateway, "/ann/echo?timeout=7").seconds == 7
    assert admit(gateway, "/ann/echo?timeout=3000").seconds == 300


async def test_callers_who_guess_versions_are_not_remembered_for_ever(gateway: Gateway) -> None:
    for number in range(500):
        assert refuses(gateway, UnknownAlgorithm, f"/ann/echo/{number + 2}.0.0")
    assert len(gateway._mirror._targets["ann/echo"]) < 50
    assert admit(gateway).target.version.number == "1.1.0"


def token(seconds: int = 60, **changes: object) -> str:
    usual: dict[str, object] = {"organization_id": BEN, "user_id": 2, "expires": int(time.time()) + seconds}
    return sign_token(CallToken(**(usual | changes)), secret=SECRET)


async def test_a_token_calls_in_its_place_in_the_tree(gateway: Gateway) -> None:
    caller = admit(gateway, key=token(root_id="root", parent_id="parent", depth=3, key_id=BENS_KEY_ID)).caller
    assert (caller.payer_id, caller.root_id, caller.parent_id, caller.depth) == (BEN, "root", "parent", 3)
    assert caller.key_id == BENS_KEY_ID


async def test_a_revoked_key_takes_its_tokens_with_it(gateway: Gateway) -> None:
    right = token(key_id=BENS_KEY_ID)
    assert admit(gateway, key=right).caller.payer_id == BEN
    publisher.publish_keys({hash_key(BENS_KEY): None})
    await soon(lambda: refuses(gateway, Unauthorized, key=right))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: token(seconds=-1), Unauthorized),
        (lambda: token()[:-2] + "xx", Unauthorized),
        (lambda: "agora1.e30.x", Unauthorized),
        (lambda: token(depth=17), BadRequest),
    ],
)
async def test_a_token_that_does_not_count(gateway: Gateway, make: Callable[[], str], error: type[Refused]) -> None:
    assert refuses(gateway, error, key=make())


@pytest.mark.parametrize(
    ("allowed", "calls"),
    [(None, True), (("ann/",), True), (("ann/echo/",), True), (("ann/ech/", "an/"), False), ((), False)],
)
async def test_a_restricted_key_calls_what_it_names(
    gateway: Gateway, client: redis.Redis, allowed: tuple[str, ...] | None, calls: bool
) -> None:
    key = "sim" + "r" * 25
    publisher.publish_keys({hash_key(key): KeyEntry("restricted", 3, BEN, algorithms=allowed)})
    while True:  # the mirror hears of it in a moment
        try:
            admit(gateway, key=key)
        except Forbidden:
            assert not calls
            return
        except Unauthorized:
            await asyncio.sleep(0.01)
        else:
            assert calls
            return
