"""Runs the agent: listens for gateways, serves their leases, and stops cleanly."""

import asyncio
import fcntl
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import uvloop

from execution.agent.artifacts import ArtifactCache
from execution.agent.fleet import Fleet, count_warm
from execution.agent.launcher import Launcher
from execution.agent.leases import Leases, ReadSecrets
from execution.agent.link import GatewayLink
from execution.agent.machine import ready_machine
from execution.agent.machine_memory import has_memory_for_slot, is_memory_short
from execution.agent.preparation import Preparation
from execution.config import AgentConfig
from execution.environments import Environment, load_environments
from execution.errors import AgentAlreadyRunning, InvalidSetting, RunnerNotReady

logger = logging.getLogger(__name__)

BACKLOG = 128
STOP_SECONDS = 2.0
ACCEPT_PAUSE_SECONDS = 0.1


def run_agent(
    config: AgentConfig, open_artifact: Callable[[str], BinaryIO], read_secrets: ReadSecrets = lambda _: {}
) -> None:
    """Runs until SIGTERM or SIGINT, and lets calls end. Call it from the main thread; all slots end with it, whatever
    ends it.

    `open_artifact(digest)` opens the artifact's tar; it may block, and raises FileNotFoundError.
    `read_secrets` answers the environment variables that VersionSpec.secrets names.
    Raises CannotIsolate, AgentAlreadyRunning and InvalidSetting.
    """
    environments = {environment.id: environment for environment in load_environments()}
    if unknown := sorted(config.warm_slots.keys() - environments.keys()):
        raise InvalidSetting(f"AGORA_WARM_SLOTS names {unknown[0]!r}: there is {', '.join(environments)}.")
    with _only_agent(config), ready_machine(config) as launcher:
        uvloop.run(_serve(config, launcher, environments, open_artifact, read_secrets))


@contextmanager
def _only_agent(config: AgentConfig) -> Iterator[None]:
    """Holds the lock of this home. Raises AgentAlreadyRunning."""
    config.agent_socket.parent.mkdir(parents=True, exist_ok=True)
    with config.agent_socket.with_suffix(".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AgentAlreadyRunning(
                f"another agent runs in {config.home}: stop it, or set AGORA_HOME to another folder."
            ) from None
        yield


async def _serve(
    config: AgentConfig,
    launcher: Launcher,
    environments: dict[str, Environment],
    open_artifact: Callable[[str], BinaryIO],
    read_secrets: ReadSecrets,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    fleet = Fleet(
        config,
        launcher,
        memory_left=has_memory_for_slot,
        memory_short=is_memory_short,
        max_boots=os.cpu_count() or 1,
    )
    preparation = Preparation(environments, config.runners_folder)
    artifacts = ArtifactCache(config.artifacts_folder, open_artifact, max_size=config.cache_size)
    leases = Leases(config, preparation, fleet, artifacts, read_secrets)
    fleet.open(call_in=leases.call_in)
    kept_warm = [found.id for found in environments.values() if found.available and count_warm(config, found)]
    with _listen(config.agent_socket) as listener:
        warming = asyncio.create_task(_warm_up(kept_warm, preparation, fleet))
        accepting = asyncio.create_task(_accept(listener, leases))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait((accepting, stopping), return_when=asyncio.FIRST_COMPLETED)
        for task in (warming, accepting, stopping):
            task.cancel()
        await asyncio.wait((warming, accepting))
    await leases.drain(config.drain_seconds)
    leases.close()
    await fleet.close(STOP_SECONDS)
    if not accepting.cancelled():
        accepting.result()  # raises what ended it


async def _warm_up(environment_ids: Iterable[str], preparation: Preparation, fleet: Fleet) -> None:
    for environment_id in environment_ids:
        try:
            fleet.add(await preparation.prepare(environment_id))
        except RunnerNotReady as error:
            logger.error("No slots of %s are kept warm: %s", environment_id, error)


@contextmanager
def _listen(path: Path) -> Iterator[socket.socket]:
    """Only this user may connect. A socket that is there is a dead agent's: we have its lock."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as listener:
        umask = os.umask(0o177)
        try:
            listener.bind(os.fspath(path))
        finally:
            os.umask(umask)
        listener.listen(BACKLOG)
        listener.setblocking(False)
        yield listener
    with suppress(FileNotFoundError):
        path.unlink()


async def _accept(listener: socket.socket, leases: Leases) -> None:
    while True:
        try:
            connected, _ = await asyncio.get_running_loop().sock_accept(listener)
        except OSError as error:  # too many open files, most likely
            logger.error("A gateway cannot connect: %s", error)
            await asyncio.sleep(ACCEPT_PAUSE_SECONDS)
        else:
            connected.setblocking(False)
            leases.add_link(GatewayLink(connected, on_message=leases.on_message, on_lost=leases.lose_link))
