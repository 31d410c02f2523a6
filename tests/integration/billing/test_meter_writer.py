"""The writer: each event once, in few round trips, whatever becomes of Redis meanwhile."""

import asyncio
import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import redis
from django.conf import settings

from billing.api import MeterEvent, MeterWriter, check_ledger
from billing.errors import MeterUnavailable
from billing.metering.counters import Count
from billing.metering.drain import Drain, Drained
from billing.metering.events import BALANCES, STREAM, WHOLE, split_lines
from billing.metering.writer import BATCH_LIMIT, WRITER_KEY
from marketplace.cli.embedded import EmbeddedRedis

from .conftest import make_event

PAYER = "11111111-1111-1111-1111-111111111111"
CHARGE = 1_301
"""Of make_event."""


@pytest.fixture
def server() -> Iterator[EmbeddedRedis]:
    """A Redis of the test's own, which keeps its data over a restart."""
    with tempfile.TemporaryDirectory(prefix="agora-") as folder:
        server = EmbeddedRedis(socket=Path(folder) / "redis.sock", folder=Path(folder) / "data")
        server.start()
        with redis.Redis.from_url(f"unix://{server.socket}") as client:
            client.set(WHOLE, 1)
        yield server
        server.stop()


@pytest.fixture
async def writer(server: EmbeddedRedis) -> AsyncIterator[MeterWriter]:
    writer = MeterWriter(f"unix://{server.socket}")
    await writer.start()
    yield writer
    await writer.close()


def read(server: EmbeddedRedis) -> tuple[list[MeterEvent], dict[str, int], int]:
    """The events, the balances, and the number of the last batch."""
    with redis.Redis.from_url(f"unix://{server.socket}") as client:
        texts = [text for _, fields in client.xrange(STREAM) for text in split_lines(fields)]
        events = [msgspec.json.decode(text, type=MeterEvent) for text in texts]
        balances = {name.decode(): int(amount) for name, amount in client.hgetall(BALANCES).items()}
        batches = [int(client.get(key) or 0) for key in client.keys(f"{WRITER_KEY}*")]
        return events, balances, max(batches, default=0)


async def test_an_event_is_in_the_stream_and_charged(server: EmbeddedRedis, writer: MeterWriter) -> None:
    with redis.Redis.from_url(f"unix://{server.socket}") as client:
        client.hset(BALANCES, PAYER, 10_000)
    event = make_event(payer_id=PAYER)
    assert await writer.write(event) == 10_000 - CHARGE
    assert read(server) == ([event], {PAYER: 10_000 - CHARGE}, 1)


async def test_calls_that_end_together_go_together(server: EmbeddedRedis, writer: MeterWriter) -> None:
    payers = [f"{number:08}-1111-1111-1111-111111111111" for number in range(3)]
    events = [make_event(payer_id=payers[number % 3]) for number in range(2 * BATCH_LIMIT + 10)]
    await asyncio.gather(*map(writer.write, events))
    written, balances, batches = read(server)
    assert [event.call_id for event in written] == [event.call_id for event in events]
    shares = Counter(event.payer_id for event in events)
    assert balances == {payer: -CHARGE * number for payer, number in shares.items()}
    assert batches == 3


async def test_after_several_as_many_gather_but_a_last_one_is_written_soon(
    server: EmbeddedRedis, writer: MeterWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def write_several() -> None:
        writing = []
        for _ in range(10):
            writing.append(asyncio.create_task(writer.write(make_event(payer_id=PAYER))))
            await asyncio.sleep(0.001)
        await asyncio.gather(*writing)

    monkeypatch.setattr("billing.metering.writer.GATHER_SECONDS", 30.0)
    await asyncio.gather(*(writer.write(make_event(payer_id=PAYER)) for _ in range(10)))
    await write_several()
    assert read(server)[2] == 2
    monkeypatch.setattr("billing.metering.writer.GATHER_SECONDS", 0.05)
    await write_several()
    await asyncio.wait_for(writer.write(make_event(payer_id=PAYER)), 20)
    assert read(server)[1:] == ({PAYER: -31 * CHARGE}, 4)


async def test_those_that_end_while_one_is_written_go_with_the_next(server: EmbeddedRedis, writer: MeterWriter) -> None:
    async def write(rounds: int) -> None:
        for _ in range(rounds):
            await writer.write(make_event(payer_id=PAYER))

    await asyncio.gather(*(write(20) for _ in range(30)))
    written, balances, batches = read(server)
    assert len(written) == 600
    assert balances == {PAYER: -600 * CHARGE}
    assert batches < 200


class Cutter:
    """Stands between a writer and Redis, and hangs up instead of passing on the answer to the next batch."""

    def __init__(self, server: EmbeddedRedis) -> None:
        self.path = server.socket.with_name("cutter.sock")
        self.cuts = 0
        self._redis = server.socket
        self._serving: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.path)

    async def stop(self) -> None:
        """Once the writer has hung up."""
        self._server.close()
        await asyncio.gather(*self._serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "a server's handler is one"
        self._serving.add(task)
        answers, requests = await asyncio.open_unix_connection(self._redis)
        try:
            while request := await reader.read(1 << 20):
                requests.write(request)
                answer = await answers.read(1 << 20)
                if b"EVALSHA" in request and self.cuts > 0:
                    self.cuts -= 1
                    return
                writer.write(answer)
        finally:
            for stream in (writer, requests):
                stream.close()
                with suppress(OSError):
                    await stream.wait_closed()


async def test_a_batch_whose_answer_was_lost_is_written_once(server: EmbeddedRedis) -> None:
    cutter = Cutter(server)
    await cutter.start()
    writer = MeterWriter(f"unix://{cutter.path}")
    await writer.start()
    await writer.write(make_event(payer_id=PAYER))
    cutter.cuts = 3
    balances = await asyncio.gather(*(writer.write(make_event(payer_id=PAYER)) for _ in range(10)))
    await writer.close()
    await cutter.stop()
    assert cutter.cuts == 0
    assert balances == [-11 * CHARGE] * 10
    written, hot, batches = read(server)
    assert (len(written), hot, batches) == (11, {PAYER: -11 * CHARGE}, 2)


async def test_redis_away_and_back(server: EmbeddedRedis, writer: MeterWriter) -> None:
    await writer.write(make_event(payer_id=PAYER))
    await asyncio.to_thread(server.stop)
    writing = [asyncio.create_task(writer.write(make_event(payer_id=PAYER))) for _ in range(50)]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in writing)
    await asyncio.to_thread(server.start)
    assert min(await asyncio.gather(*writing)) == -51 * CHARGE
    written, hot, _ = read(server)
    assert len({event.call_id for event in written}) == len(written) == 51
    assert hot == {PAYER: -51 * CHARGE}


async def test_patience_has_an_end_and_what_failed_is_not_written_later(server: EmbeddedRedis) -> None:
    writer = MeterWriter(f"unix://{server.socket}", patience=0.3)
    await writer.start()
    await asyncio.to_thread(server.stop)
    began = time.monotonic()
    with pytest.raises(MeterUnavailable):
        await writer.write(make_event(payer_id=PAYER))
    assert 0.2 < time.monotonic() - began < 5
    await asyncio.to_thread(server.start)
    assert await writer.write(make_event(payer_id=PAYER)) == -CHARGE
    assert len(read(server)[0]) == 1
    await writer.close()


async def test_each_event_has_its_own_patience_however_many_wait(server: EmbeddedRedis) -> None:
    writer = MeterWriter(f"unix://{server.socket}", patience=0.5)
    await writer.start()
    await asyncio.to_thread(server.stop)
    began = time.monotonic()
    event = make_event(payer_id=PAYER)
    writing = [writer.write(event) for _ in range(40 * BATCH_LIMIT)]
    results = await asyncio.gather(*writing, return_exceptions=True)
    assert all(isinstance(result, MeterUnavailable) for result in results)
    assert time.monotonic() - began < 8, "one batch after the other would be 10 seconds and more"
    await writer.close()


async def test_a_stuck_redis_that_goes_on_does_not_write_what_failed(server: EmbeddedRedis) -> None:
    writer = MeterWriter(f"unix://{server.socket}", patience=0.3)
    await writer.start()
    await writer.write(make_event(payer_id=PAYER))
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(MeterUnavailable):
            await writer.write(make_event(payer_id=PAYER))
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert await writer.write(make_event(payer_id=PAYER)) == -2 * CHARGE
    assert len(read(server)[0]) == 2
    await writer.close()


async def test_a_redis_that_is_stuck_for_a_moment_loses_nothing(server: EmbeddedRedis, writer: MeterWriter) -> None:
    await writer.write(make_event(payer_id=PAYER))
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    writing = asyncio.gather(*(writer.write(make_event(payer_id=PAYER)) for _ in range(5)))
    await asyncio.sleep(0.2)
    os.kill(server.process.pid, signal.SIGCONT)
    assert await writing == [-6 * CHARGE] * 5


async def test_a_caller_who_is_cancelled_leaves_the_event_to_be_written(
    server: EmbeddedRedis, writer: MeterWriter
) -> None:
    writing = [asyncio.create_task(writer.write(make_event(payer_id=PAYER))) for _ in range(4)]
    await asyncio.sleep(0)
    writing[0].cancel()
    writing[2].cancel()
    results = await asyncio.gather(*writing, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [True, False, True, False]
    assert read(server)[1] == {PAYER: -4 * CHARGE}


async def test_a_balance_that_somebody_spoilt_holds_up_nobody(server: EmbeddedRedis, writer: MeterWriter) -> None:
    spoilt = "22222222-2222-2222-2222-222222222222"
    with redis.Redis.from_url(f"unix://{server.socket}") as client:
        client.hset(BALANCES, spoilt, str(-(2**63)))
    events = [make_event(payer_id=spoilt), make_event(payer_id=PAYER)]
    results = await asyncio.gather(*map(writer.write, events))
    assert results[1] == -CHARGE
    written, hot, _ = read(server)
    assert len(written) == 2
    assert hot[PAYER] == -CHARGE


async def test_an_event_that_cannot_be_told_fails_its_own_caller_only(writer: MeterWriter) -> None:
    broken = msgspec.structs.replace(make_event(), algorithm="\udc80")
    with pytest.raises(UnicodeEncodeError):
        await writer.write(broken)
    assert await writer.write(make_event(payer_id=PAYER)) == -CHARGE


async def test_closing_fails_those_who_wait(server: EmbeddedRedis) -> None:
    writer = MeterWriter(f"unix://{server.socket}")
    with pytest.raises(MeterUnavailable):
        await writer.write(make_event())
    await writer.start()
    await asyncio.to_thread(server.stop)
    writing = [asyncio.create_task(writer.write(make_event())) for _ in range(3)]
    await asyncio.sleep(0.05)
    await writer.close()
    results = await asyncio.gather(*writing, return_exceptions=True)
    assert all(isinstance(result, MeterUnavailable) for result in results)
    with pytest.raises(MeterUnavailable):
        await writer.write(make_event())
    await writer.close()


def test_what_is_written_is_posted_once(drain: Drain, client: redis.Redis) -> None:
    events = [make_event() for _ in range(20)]

    async def write() -> None:
        writer = MeterWriter(settings.REDIS_URL)
        await writer.start()
        await asyncio.gather(*map(writer.write, events))
        await asyncio.gather(*map(writer.write, events[:5]))  # as if a batch's mark had been lost
        await writer.close()

    asyncio.run(write())
    assert drain.drain_batch() == Drained(25, 20, 20, 0)
    assert check_ledger().in_order


async def test_what_is_no_number_any_more_holds_up_nobody(server: EmbeddedRedis, writer: MeterWriter) -> None:
    count = Count("billing:spent:20261125", PAYER, 7, 60)
    with redis.Redis.from_url(f"unix://{server.socket}") as client:
        client.hset(BALANCES, PAYER, "a lot")
        client.set(count.key, "no hash")
        assert await writer.write(make_event(payer_id=PAYER), (count,)) is None
        client.delete(count.key)
        client.hset(BALANCES, PAYER, 2 * CHARGE)
    assert await writer.write(make_event(payer_id=PAYER), (count,)) == CHARGE
    assert writer.counts[count.key] == {PAYER: 7}
    assert len(read(server)[0]) == 2
