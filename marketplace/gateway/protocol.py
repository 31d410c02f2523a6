"""One HTTP connection: calls go to the gateway from here, everything else to Django as uvicorn does it.

Both share a connection, since a browser's do. uvicorn's version is pinned: tests/integration/gateway hold it to this.
"""

import asyncio
import logging
import re
import uuid
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from execution.client import Door
from marketplace.gateway.addresses import is_call, is_for_slots
from marketplace.gateway.call import Call
from marketplace.gateway.call_cycle import CallCycle
from marketplace.gateway.calls import Gateway
from marketplace.gateway.errors import (
    HEAD_LIMIT,
    BadRequest,
    HeadTooLarge,
    NotNow,
    OurFault,
    Refused,
    TooLarge,
    UnknownAlgorithm,
)
from marketplace.gateway.event_streams import EventStream, refusal_event
from marketplace.gateway.file_sending import EXTENSION, FileSender
from marketplace.gateway.heads import Head, LastHead
from marketplace.gateway.idle_connections import PatientProtocol
from marketplace.gateway.origins import check_address, check_site
from marketplace.gateway.repeats import Repeats, check_key
from marketplace.gateway.replies import Reply, open_to_sites, reply_with_refusal, write_reply
from marketplace.gateway.slot_connections import SlotConnections, slot_of

logger = logging.getLogger(__name__)

SLOT_HOST = b"agora"
"""What pages take for the host that a slot asked for, whatever name its client knows the platform by."""
READING = (b"GET", b"HEAD")
LIVE = b"/live/"  # where pages open WebSockets: marketplace/web/live
H2C = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n|$)", re.IGNORECASE)
LAST_REQUEST_SECONDS = 0.5
"""How long a server that stops leaves an idle connection open: the client may have sent something a moment before."""
LINGER_SECONDS = 10.0
"""How long a refused client may go on sending: closed at once, it would lose the answer that says why."""


class GatewayProtocol(PatientProtocol):
    """`slots`: the connection comes from inside one of them, where nothing but calls is to be had. `door`: which slot
    that is, so that a request without a key acts for the call in progress there. `one_call`: the server stops, and
    waits for the connection to end."""

    def __init__(
        self,
        gateway: Gateway,
        repeats: Repeats,
        *,
        slots: SlotConnections | None = None,
        door: Door | None = None,
        one_call: bool = False,
        **uvicorns: Any,
    ) -> None:
        super().__init__(**uvicorns)
        self._gateway = gateway
        self._repeats = repeats
        self._slots = slots
        self._slot: object = None
        """Who is at the other end, once admitted."""
        self._door = door
        self._one_call = one_call
        self._head_bytes = 0
        self._in_head = True
        self._last_head = LastHead()
        self._begun = self._ended = 0
        """Requests whose first and last bytes were read, of all on this connection that the parser had."""
        self._refusing = False

    def shutdown(self) -> None:
        """The server stops: what is in progress, or on its way already, is the connection's last request."""
        self._one_call = True
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LAST_REQUEST_SECONDS, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def _close_if_idle(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._slots is not None:
            slot = slot_of(transport, self._door)
            if self._slots.admit(slot):
                self._slot = slot
            else:
                transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._slots is not None and self._slot is not None:
            self._slots.leave(self._slot)
        for cycle in (self.cycle, *(waiting for waiting, _ in self.pipeline)):
            if isinstance(cycle, CallCycle):
                cycle.hang_up()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refusing:
            return
        idle = self.cycle is None or self.cycle.response_complete
        head = self._last_head.head
        if idle and head is not None and (body := self._last_head.find_body(data)) is not None:
            self._begin_same(head, body)
            return
        if (self._in_head or idle) and b"h2c" in data:
            data = stay_with_http_1(data)
        begun, between = self._begun, self._begun == self._ended
        super().data_received(data)
        if between and self._begun == self._ended == begun + 1:
            self._remember(data)
        if self._in_head and not self._refusing:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_LIMIT:
                self._refuse_connection(HeadTooLarge())

    def on_message_begin(self) -> None:
        """Without the scope that uvicorn makes here: a call has none, and _begin_page makes it for the others."""
        self._in_head, self._head_bytes = True, 0
        self._begun += 1
        self._last_head.forget()
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > HEAD_LIMIT:
            raise HeadTooLarge  # httptools ends the request with it: see send_400_response
        super().on_header(name, value)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        too_large = self._head_bytes > HEAD_LIMIT
        self._refuse_connection(HeadTooLarge() if too_large else BadRequest("This is not an HTTP request."))

    def on_headers_complete(self) -> None:
        self._in_head, self._head_bytes = False, 0
        if is_call(self.url) and self.parser.get_method() != b"OPTIONS":
            self._begin_cycle(self._read_head(), self._admit)
        elif self._slots is not None and not is_for_slots(self.url):
            self._begin_cycle(self._read_head(), self._refuse_page)
        else:
            self._begin_page()

    def _read_head(self) -> Head:
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        return Head(self.parser.get_method(), self.url, self.headers, keep_alive=keep_alive)

    def _remember(self, request: bytes) -> None:
        """The parser has had one whole request, and nothing else: the next may be like it."""
        cycle, special = self.cycle, self.expect_100_continue or self.parser.should_upgrade()
        if isinstance(cycle, CallCycle) and cycle.refused is None and not special:
            self._last_head.remember(cycle.head, request, cycle.body)

    def _begin_same(self, head: Head, body: bytes) -> None:
        """A request with the head of the one before."""
        self._unset_keepalive_if_required()
        self._begin_cycle(head, self._admit)
        cycle = cast("CallCycle", self.cycle)
        cycle.take(body)
        cycle.received = True
        self._answer(cycle)

    def _begin_page(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        if self._slots is not None:
            headers = [header for header in headers if header[0] != b"host"] + [(b"host", SLOT_HOST)]
            if self._door is not None and not any(name == b"authorization" for name, _ in headers):
                headers.append((b"authorization", self._right_at(self._door)))
        self.headers += headers  # in place: the scope has this list
        super().on_headers_complete()
        if self._upgrades():
            return
        self.scope["extensions"] = {EXTENSION: FileSender(self.cycle)}
        if self._one_call:
            self.cycle.keep_alive = False

    def _right_at(self, door: Door) -> bytes:
        right = self._gateway.right_at(door)
        if not right and self.parser.get_method() in READING:
            right = self._gateway.right_to_load(door)
        return right

    def _upgrades(self) -> bool:
        return bool(self.parser.should_upgrade()) and self._should_upgrade()

    def _should_upgrade_to_ws(self) -> bool:
        """uvicorn's: only for what pages follow, and when no answer is still to be written here."""
        idle = self.cycle is None or self.cycle.response_complete
        return idle and self._slots is None and not self._one_call and self.url.startswith(LIVE)

    def on_body(self, body: bytes) -> None:
        if self._upgrades() or not isinstance(self.cycle, CallCycle):
            super().on_body(body)
            return
        self.cycle.take(body)
        if self.cycle.overflowing and not self.cycle.waiting and not self._refusing:
            self._refuse_connection(TooLarge())

    def on_message_complete(self) -> None:
        self._ended += 1
        if self._upgrades() or not isinstance(self.cycle, CallCycle):
            super().on_message_complete()
            return
        self.cycle.received = True
        if not self.cycle.waiting and not self._refusing:
            self._answer(self.cycle)

    def _begin_cycle(self, head: Head, admit: Callable[[Head], Call]) -> None:
        before = self.cycle
        cycle = CallCycle(head, keep_alive=head.keep_alive and not self._one_call)
        self.cycle = cast("RequestResponseCycle", cycle)
        try:
            cycle.call = call = admit(head)
            if cycle.head.web:
                check_site(call.caller, head.headers)
            if call.caller.addresses:
                check_address(call.caller, self.client, head.headers, proxies=str(self.config.forwarded_allow_ips))
        except Refused as refused:
            cycle.refused = refused
        if before is not None and not before.response_complete:
            cycle.waiting = True
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        elif self.expect_100_continue and cycle.refused is None:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        elif cycle.refused is not None and (self.expect_100_continue or cycle.overflowing):
            self._refuse_connection(cycle.refused)

    def _admit(self, head: Head) -> Call:
        if head.too_large:
            raise TooLarge
        keyless = self._door is not None and not head.get(b"authorization")
        call = self._gateway.admit(head, self._door if keyless else None)
        if key := head.get(b"idempotency-key"):
            check_key(key, streams=call.streams)
            call.idempotency_key = key
        return call

    def _refuse_page(self, head: Head) -> Call:  # noqa: ARG002 - as _admit
        raise UnknownAlgorithm("Algorithms can call algorithms here, now or later, use hosted data, and nothing else.")

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """uvicorn's: the turn of a request that waited for the answer before it."""
        waited = cast("CallCycle | RequestResponseCycle", cycle)
        if not isinstance(waited, CallCycle):
            super()._start_asgi_task(cycle, app)
            return
        waited.waiting = False
        if waited.received:
            self._answer(waited)
        elif waited.overflowing:
            self._refuse_connection(TooLarge())

    def _answer(self, cycle: CallCycle) -> None:
        if cycle.refused is not None:
            self._send(cycle, reply_with_refusal(cycle.refused))
            return
        streams = cycle.call is not None and cycle.call.streams
        cycle.task = self.loop.create_task(self._stream_call(cycle) if streams else self._make_call(cycle))
        self.tasks.add(cycle.task)

    async def _make_call(self, cycle: CallCycle) -> None:
        assert cycle.call is not None, "admitted, since it was not refused"
        try:
            if cycle.call.idempotency_key:
                reply = await self._repeats.make_once(cycle.call, cycle.body, self._gateway.make)
            else:
                reply = await self._gateway.make(cycle.call, cycle.body)
        except Refused as refused:
            reply = reply_with_refusal(refused)
        except asyncio.CancelledError:  # the client is gone, or the server waits for this call no longer
            self._send(cycle, reply_with_refusal(NotNow("This server is being restarted: try again in a moment.")))
            raise
        except Exception:
            fault = _new_fault()
            logger.exception("%s in call %s", fault.message, cycle.call.id)
            reply = reply_with_refusal(fault)
        finally:
            self.tasks.discard(cycle.task)  # here: a callback would be one more thing for the loop to run
        self._send(cycle, reply)

    async def _stream_call(self, cycle: CallCycle) -> None:
        """Like _make_call; the answer is written as it comes."""
        assert cycle.call is not None, "admitted, since it was not refused"
        chunked = self.parser.get_http_version() != "1.0"
        cycle.keep_alive = cycle.keep_alive and chunked
        events = EventStream(
            self._write, self.flow.drain, date=self._date(), chunked=chunked, open_to_sites=cycle.head.web
        )
        refused: Refused | None = None
        try:
            await self._gateway.stream(cycle.call, cycle.body, events)
        except Refused as error:
            refused = error
        except asyncio.CancelledError:
            refused = NotNow("This server is being restarted: try again in a moment.")
            raise
        except Exception:
            refused = _new_fault()
            logger.exception("%s in call %s", refused.message, cycle.call.id)
        finally:
            self.tasks.discard(cycle.task)
            self._end_stream(cycle, events, refused)

    def _end_stream(self, cycle: CallCycle, events: EventStream, refused: Refused | None) -> None:
        assert cycle.call is not None, "admitted, since it was not refused"
        if refused is not None and not events.begun:
            self._send(cycle, reply_with_refusal(refused))
            return
        if refused is not None:
            events.write(refusal_event(refused), call_id=cycle.call.id)
        events.finish()
        self._complete(cycle)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def _send(self, cycle: CallCycle, reply: Reply) -> None:
        if cycle.disconnected or self.transport.is_closing():
            return
        reply = open_to_sites(reply) if cycle.head.web else reply
        self.transport.write(write_reply(reply, date=self._date(), keep_alive=cycle.keep_alive))
        self._complete(cycle)

    def _complete(self, cycle: CallCycle) -> None:
        if cycle.disconnected or self.transport.is_closing():
            return
        cycle.response_complete = True
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _refuse_connection(self, refused: Refused) -> None:
        """Answers although more is coming, and lets the client read the answer before the connection goes."""
        self._refusing = True
        reply = reply_with_refusal(refused)
        if isinstance(self.cycle, CallCycle):
            self.cycle.response_complete = True
            reply = open_to_sites(reply) if self.cycle.head.web else reply
        self._set_timer(None)
        self.transport.write(write_reply(reply, date=self._date(), keep_alive=False))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.timeout_keep_alive_task = self.loop.call_later(LINGER_SECONDS, self.timeout_keep_alive_handler)

    def _date(self) -> bytes:
        return self.server_state.default_headers[0][1]


def stay_with_http_1(data: bytes) -> bytes:
    """A head without the wish for HTTP/2, with which the parser would take no body. Java's client has it by default."""
    head, end, body = data.partition(b"\r\n\r\n")
    return H2C.sub(b"", head) + end + body


def _new_fault() -> OurFault:
    return OurFault(f"Something went wrong on our side: name {uuid.uuid4()} to report it.")
