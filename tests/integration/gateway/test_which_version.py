"""Which version a caller gets: split traffic, builds that are no version, versions that were rolled back."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import redis
from django.conf import settings

from billing.api import HOT_BALANCES, MeterWriter
from execution.client import ExecutionClient
from marketplace.directory import publisher
from marketplace.directory.entries import AlgorithmEntry, KeyEntry, PriceEntry, SplitEntry, VersionEntry
from marketplace.directory.keys import hash_key
from marketplace.gateway.call import Call
from marketplace.gateway.calls import Gateway
from marketplace.gateway.errors import Retired, UnknownAlgorithm
from marketplace.gateway.failures import FailureLog
from marketplace.gateway.heads import Head
from marketplace.gateway.mirror import Mirror

SECONDS = 10.0
ANN, BEN = str(uuid.uuid4()), str(uuid.uuid4())
ANNS_KEY = "sim" + "a" * 25
BENS_KEYS = [f"sim{number:025}" for number in range(400)]


def version_of(number: str, **said: object) -> VersionEntry:
    return VersionEntry(
        version_id=str(uuid.uuid4()),
        number=number,
        source_hash=f"{number.replace('.', '').removeprefix('build-'):0>64}",
        artifact="0" * 64,
        environment="python3",
        entry="src/echo.py",
        timeout_seconds=300,
        memory_bytes=1 << 28,
        network=False,
        calls_others=False,
        price=PriceEntry(compute_per_second=0, royalty_per_call=5),
        **said,
    )


OLD, BASE, CANDIDATE, NEWEST = version_of("1.0.0"), version_of("1.1.0"), version_of("1.2.0"), version_of("2.0.0")
BUILD = version_of("build-77")
ECHO = AlgorithmEntry(
    str(uuid.uuid4()),
    "ann",
    "echo",
    organization_id=ANN,
    public=True,
    versions=(OLD, BASE, CANDIDATE, NEWEST),
    builds=(BUILD,),
    split=SplitEntry(BASE.version_id, CANDIDATE.version_id, 25),
)


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[Gateway]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        keys = {ANNS_KEY: ANN} | dict.fromkeys(BENS_KEYS, BEN)
        publisher.publish_keys(
            {
                hash_key(key): KeyEntry(str(uuid.UUID(int=number)), user_id=1, organization_id=organization)
                for number, (key, organization) in enumerate(keys.items())
            }
        )
        client.hset(HOT_BALANCES, mapping={ANN: 1_000, BEN: 1_000})
        publisher.publish_algorithms({"ann/echo": ECHO})
        made = Gateway(
            mirror=Mirror(settings.REDIS_URL),
            execution=ExecutionClient(tmp_path / "no.sock"),
            meter=MeterWriter(settings.REDIS_URL),
            failures=FailureLog(settings.REDIS_URL),
            secret="a secret of this test, long enough to sign with",
        )
        await made.start()
        yield made
        await made.close()
        client.flushdb()


def admit(gateway: Gateway, path: str, key: str = BENS_KEYS[0]) -> Call:
    headers = [(b"authorization", f"Simple {key}".encode()), (b"content-type", b"application/json")]
    return gateway.admit(Head(b"POST", f"/v1/algo{path}".encode(), headers, keep_alive=True))


def version_for(gateway: Gateway, path: str, key: str = BENS_KEYS[0]) -> str:
    return admit(gateway, path, key).target.version.number


@pytest.mark.parametrize("path", ["/ann/echo", "/ann/echo/1", "/ann/echo/latest"])
async def test_traffic_is_split_by_the_percentage_and_each_caller_keeps_its_version(
    gateway: Gateway, path: str
) -> None:
    given = [version_for(gateway, path, key) for key in BENS_KEYS]
    assert set(given) == {"1.1.0", "1.2.0"}
    assert 60 <= given.count("1.2.0") <= 140  # 100 of 400 are due; the ids are always the same ones
    assert given == [version_for(gateway, path, key) for key in BENS_KEYS]


@pytest.mark.parametrize(
    ("path", "number"),
    [("1.1.0", "1.1.0"), ("1.2.0", "1.2.0"), ("1.0", "1.0.0"), ("2", "2.0.0"), (CANDIDATE.source_hash, "1.2.0")],
)
async def test_a_selector_that_fits_one_of_them_or_names_it_is_not_split(
    gateway: Gateway, path: str, number: str
) -> None:
    assert {version_for(gateway, f"/ann/echo/{path}", key) for key in BENS_KEYS[:50]} == {number}


async def test_more_traffic_takes_no_caller_away_from_the_candidate(gateway: Gateway) -> None:
    target = admit(gateway, "/ann/echo").target
    base = msgspec.structs.replace(target, candidate=target, version=BASE) if target.candidate is None else target
    callers = [f"caller {number}" for number in range(200)]

    def chosen(percent: int) -> set[str]:
        split = msgspec.structs.replace(base, percent=percent)
        return {caller for caller in callers if split.choose_for(caller) is base.candidate}

    assert chosen(0) == set()
    assert chosen(10) < chosen(50) < chosen(100) == set(callers)


async def test_a_version_whose_environment_is_no_more_says_what_to_use(gateway: Gateway) -> None:
    gone = version_of("3.0.0", ends_at=time.time() - 1, ending="Use python4.")
    going = version_of("3.1.0", ends_at=time.time() + 60, ending="Use python4.")
    publisher.publish_algorithms(
        {"ann/old": msgspec.structs.replace(ECHO, name="old", algorithm_id="x", versions=(gone, going), split=None)}
    )
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            assert version_for(gateway, "/ann/old") == "3.1.0"
            break
        except UnknownAlgorithm:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
    with pytest.raises(Retired, match="Use python4"):
        admit(gateway, "/ann/old/3.0.0")


@pytest.mark.parametrize(
    "name",
    [BUILD.source_hash, BUILD.version_id.replace("-", ""), BUILD.source_hash.upper()],
    ids=["by its source", "by its id", "in capitals"],
)
async def test_a_build_that_is_no_version_is_called_by_its_owners_alone(gateway: Gateway, name: str) -> None:
    assert version_for(gateway, f"/ann/echo/{name}", ANNS_KEY) == "build-77"
    with pytest.raises(UnknownAlgorithm):
        admit(gateway, f"/ann/echo/{name}")
