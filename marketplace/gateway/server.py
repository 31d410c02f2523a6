"""Serves the web on one port, and calls from inside slots on a Unix socket."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from billing.api import MeterWriter
from execution.client import Door, ExecutionClient
from marketplace.gateway.calls import Gateway
from marketplace.gateway.failures import FailureLog
from marketplace.gateway.mirror import Mirror
from marketplace.gateway.monitor import Monitor
from marketplace.gateway.profiles import ProfileKeeper
from marketplace.gateway.protocol import GatewayProtocol
from marketplace.gateway.repeats import Repeats
from marketplace.gateway.slot_connections import SlotConnections

GRACE_SECONDS = 10
"""How long calls may go on after the server was asked to stop."""
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048
LARGEST_MESSAGE = 16 * 1024
"""Of what comes by WebSocket, in bytes."""


@dataclass(frozen=True)
class WebConfig:
    """Where to listen and whom to ask."""

    host: str
    port: int
    redis_url: str
    agent_socket: Path
    gateway_socket: Path
    """For calls from inside slots, whatever user they run as."""
    secret: str
    trusted_proxies: str = "127.0.0.1"
    """Addresses and networks, with commas between, that say in X-Forwarded-For for whom they ask."""


Application = Callable[[Any, Any, Any], Awaitable[None]]


def run_web(config: WebConfig, application: Application) -> None:
    """Serves until SIGINT or SIGTERM, then lets calls end. `application` answers what is no call."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(config, application))


async def _serve(config: WebConfig, application: Application) -> None:
    execution = ExecutionClient(config.agent_socket)
    gateway = Gateway(
        mirror=Mirror(config.redis_url),
        execution=execution,
        meter=MeterWriter(config.redis_url),
        failures=FailureLog(config.redis_url),
        secret=config.secret,
    )
    profiles = ProfileKeeper(config.redis_url, execution.take_profiles)
    monitor = Monitor(config.redis_url, gateway, execution)
    await gateway.start()
    await profiles.start()
    await monitor.start()
    try:
        server = WebServer(config, gateway, application)
        execution.serve_doors(server.serve_door)
        gc.freeze()  # what is there now stays: no collection need look through it while calls wait
        await server.serve()
    finally:
        await monitor.close()
        await profiles.close()
        await gateway.close()


class WebServer(uvicorn.Server):
    """uvicorn's server, with connections that know calls, and a second door for slots.

    When it stops, nothing new comes in from outside, and calls in progress go on for GRACE_SECONDS. So long the second
    door stays open: they may need calls of their own.
    """

    def __init__(self, config: WebConfig, gateway: Gateway, application: Application) -> None:
        self._gateway = gateway
        self._repeats = Repeats(config.redis_url)
        self._gateway_socket = config.gateway_socket
        self._door: asyncio.Server | None = None
        self._openings: set[asyncio.Task[None]] = set()
        self._slots = SlotConnections()
        super().__init__(
            uvicorn.Config(
                application,
                host=config.host,
                port=config.port,
                http=partial(GatewayProtocol, gateway, self._repeats),  # type: ignore[arg-type]
                ws="websockets-sansio",
                ws_max_size=LARGEST_MESSAGE,
                lifespan="off",
                forwarded_allow_ips=config.trusted_proxies,
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await self.on_tick(0)  # sets the date that every answer has, before there is a connection
        await super().startup(sockets)
        self._door = await self._listen_to_slots()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets)
        if self._door is not None:
            self._door.close()
        self._gateway_socket.unlink(missing_ok=True)
        await self._repeats.close()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's, which sends itself the signal again at the end; here the gateway is to be closed after it."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def _listen_to_slots(self) -> asyncio.Server:
        self._gateway_socket.parent.mkdir(parents=True, exist_ok=True)
        self._gateway_socket.unlink(missing_ok=True)
        server = await asyncio.get_running_loop().create_unix_server(
            self._connect_slot, str(self._gateway_socket), backlog=BACKLOG
        )
        self._gateway_socket.chmod(0o666)  # slots run as users of their own; a token says who calls
        return server

    def serve_door(self, door: Door) -> None:
        """Takes what comes through it, until it is closed."""
        task = asyncio.create_task(self._serve_door(door))
        self._openings.add(task)
        task.add_done_callback(self._openings.discard)

    async def _serve_door(self, door: Door) -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(partial(self._connect_slot, door), sock=door.listener)
        if door.closed:
            server.close()
        else:
            door.when_closed(server.close)

    def _connect_slot(self, door: Door | None = None) -> asyncio.Protocol:
        return GatewayProtocol(
            self._gateway,
            self._repeats,
            slots=self._slots,
            door=door,
            one_call=self.should_exit,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
