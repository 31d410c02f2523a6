"""A request whose head was there before on its connection means the same as one that the parser has read."""

import asyncio
import random
from typing import Any, cast

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from marketplace.gateway.call import Call
from marketplace.gateway.errors import Unauthorized
from marketplace.gateway.heads import END, Head, LastHead
from marketplace.gateway.protocol import GatewayProtocol
from marketplace.gateway.replies import JSON, Reply

PATH = b"/v1/algo/ann/echo"
MOST = 8
"""Requests on one connection."""
DATE = (b"date", b"Thu, 01 Jan 2026 00:00:00 GMT")


class Recorder:
    """Stands for the gateway: answers each call with its body."""

    def __init__(self, most: int) -> None:
        """Admits so many calls; whoever calls then is refused, as one whose key was revoked."""
        self._left = most
        self.made: list[tuple[bytes, bytes, bytes]] = []
        self.heads: list[Head] = []

    def admit(self, head: Head, door: object = None) -> Call:
        self._left -= 1
        if self._left < 0:
            raise Unauthorized("revoked")
        return cast("Call", Admitted(head))

    async def make(self, call: Call, body: bytes) -> Reply:
        head = cast("Admitted", call).head
        self.heads.append(head)
        self.made.append((head.url, head.get(b"authorization"), body))
        return Reply(200, JSON, body, b"")


class Admitted:
    """What the connection wants to know of a call."""

    caller = type("Anybody", (), {"addresses": ()})()
    streams = False
    cancellable = False
    idempotency_key = b""

    def __init__(self, head: Head) -> None:
        self.head = head


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def request(body: bytes, *, key: bytes = b"a", chunked: bool = False, path: bytes = PATH) -> bytes:
    head = b"POST %b HTTP/1.1\r\nHost: here\r\nAuthorization: Simple %b\r\n" % (path, key)
    if chunked:
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (
            b"0\r\n\r\n"
        )  # fmt: skip
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def exchange(pieces: list[bytes], *, admits: int = MOST) -> tuple[Recorder, Wire]:
    """What a connection makes of these pieces, each of which comes when all before it is answered as far as it can."""
    gateway, wire, state = Recorder(admits), Wire(), ServerState()
    state.default_headers = [DATE]
    config = uvicorn.Config(cast("Any", None), interface="asgi3", ws="none", lifespan="off", log_config=None)
    config.load()
    connection = GatewayProtocol(
        cast("Any", gateway), cast("Any", None), config=config, server_state=state, app_state={}
    )
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
        for _ in range(4 * MOST):
            await asyncio.sleep(0)
    connection.connection_lost(None)
    return gateway, wire


bodies = st.sampled_from([b"", b"1", b"22", b"33", b"\r\n\r\n", b"POST ", request(b"4"), b"0\r\n\r\n"])
requests = st.builds(request, bodies, key=st.sampled_from([b"a", b"b"]), chunked=st.booleans())


@given(st.lists(requests, min_size=1, max_size=MOST), st.integers(0, 2**32))
async def test_each_request_is_read_as_it_was_sent_however_it_comes(sent: list[bytes], seed: int) -> None:
    chance, stream = random.Random(seed), b"".join(sent)
    cuts = sorted(chance.sample(range(1, len(stream)), k=min(len(stream) - 1, chance.randrange(6))))
    cut = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    alone = [(await exchange([each]))[0].made[0] for each in sent]
    for pieces in (sent, cut, [stream]):
        gateway, wire = await exchange(pieces)
        assert gateway.made == alone
        assert wire.written.count(b"HTTP/1.1 200 ") == len(sent)


async def test_only_a_head_that_came_before_is_not_parsed_again() -> None:
    gateway, _ = await exchange([request(b"1"), request(b"2"), request(b"3", key=b"b"), request(b"4")])
    first, second, third, fourth = gateway.heads
    assert first is second
    assert len({id(head) for head in (second, third, fourth)}) == 3


async def test_who_calls_is_decided_anew_each_time() -> None:
    gateway, wire = await exchange([request(b"1"), request(b"2"), request(b"3"), request(b"4")], admits=2)
    assert [body for _, _, body in gateway.made] == [b"1", b"2"]
    assert [wire.written.count(b"HTTP/1.1 %d " % status) for status in (200, 401)] == [2, 2]


def test_a_head_is_remembered_until_the_next_one() -> None:
    last = LastHead()
    head = Head(b"POST", PATH, [(b"content-length", b"2")], keep_alive=True)
    last.remember(head, request(b"12"), b"12")
    assert last.find_body(request(b"34")) == b"34"
    assert last.head is head
    last.forget()
    assert last.find_body(request(b"34")) is None


@pytest.mark.parametrize(
    "data",
    [
        request(b"345"),
        request(b"34") + b" ",
        request(b"34")[:-1],
        request(b"34", key=b"b"),
        request(b"34", path=PATH + b"/1"),
        request(b"34", chunked=True),
        b"\r\n" + request(b"34"),
        b"",
    ],
)
def test_anything_else_is_parsed(data: bytes) -> None:
    last = LastHead()
    last.remember(Head(b"POST", PATH, [(b"content-length", b"2")], keep_alive=True), request(b"12"), b"12")
    assert last.find_body(data) is None


@pytest.mark.parametrize(
    ("headers", "keep_alive", "sent", "body"),
    [
        ([(b"content-length", b"2")], False, request(b"12"), b"12"),
        ([], True, request(b"12", chunked=True), b"12"),
        ([(b"content-length", b"02")], True, request(b"12"), b"12"),
        ([(b"content-length", b"4")], True, request(END), b""),
        ([(b"content-length", b"2")], True, b"\r\n" + request(b"12"), b"12"),
        ([(b"content-length", b"2")], True, request(b"12", path=b"/" + b"a" * 4096), b"12"),
    ],
)
def test_what_may_not_stand_for_another_is_not_kept(
    headers: list[tuple[bytes, bytes]], keep_alive: bool, sent: bytes, body: bytes
) -> None:
    last = LastHead()
    last.remember(Head(b"POST", PATH, headers, keep_alive=keep_alive), sent, body)
    assert last.find_body(sent) is None
