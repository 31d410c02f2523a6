"""What versions use is kept in Redis."""

import time
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings

from execution.client import Profile, Recorder, Usage
from marketplace.directory.profiles import read_profiles
from marketplace.gateway.profiles import ProfileKeeper
from tests.integration.gateway.conftest import Probe
from tests.platform import RunningPlatform

WRITTEN_SECONDS = 30.0


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


def recorder_of(calls: int, run_us: int) -> Recorder:
    recorder = Recorder()
    for _ in range(calls):
        recorder.note_call(Usage(run_us=run_us), 10)
    recorder.take_change()
    return recorder


def read(client: redis.Redis, version_id: str) -> Profile:
    return read_profiles(client, [version_id, "unknown"])[version_id]


async def test_a_gateway_goes_on_from_what_another_has_learnt(client: redis.Redis) -> None:
    first = ProfileKeeper(settings.REDIS_URL, lambda: {"v1": recorder_of(9, 1_000)})
    await first.start()
    await first.close()
    assert read(client, "v1").run_us.at(0.5) == pytest.approx(1_000, rel=1 / 16)
    recorder = recorder_of(1, 50_000)
    second = ProfileKeeper(settings.REDIS_URL, lambda: {"v1": recorder})
    await second.write()
    await second.write()
    found = read(client, "v1")
    assert found.calls == 10
    assert found.run_us.at(0.5) == pytest.approx(1_000, rel=1 / 16)
    assert found.run_us.at(0.95) == pytest.approx(50_000, rel=1 / 16)
    await second.close()


def test_nobody_asks_for_nothing(client: redis.Redis) -> None:
    assert read_profiles(client, []) == {}


async def test_a_redis_that_is_away_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    keeper = ProfileKeeper("redis://127.0.0.1:1/0", lambda: {"v1": recorder_of(1, 1)})
    await keeper.write()
    assert "could not be written" in caplog.text
    await keeper.close()


def test_calls_are_profiled(platform: RunningPlatform, probe: Probe) -> None:
    for _ in range(3):
        assert probe.post("sleep", 0.2).status_code == 200
    versions = probe.client.get(f"/v1/algorithms/{probe.path.removeprefix('/v1/algo/')}/versions").json()["results"]
    version_id = versions[0]["version_info"]["version_uuid"]
    deadline = time.monotonic() + WRITTEN_SECONDS
    with redis.Redis.from_url(platform.environ["REDIS_URL"]) as client:
        while (found := read_profiles(client, [version_id]).get(version_id)) is None or not found.calls:
            assert time.monotonic() < deadline, "it was not written"
            time.sleep(0.2)
    assert found.calls >= 1
    assert (found.load_us.at(0.5) or 0) > 0
    assert (found.peak_memory_bytes.at(0.5) or 0) > 1_000_000
