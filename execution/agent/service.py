"""Runs the agent: checks the machine, clears up after a predecessor, listens for gateways, and stops cleanly."""

import asyncio
import fcntl
import hashlib
import logging
import os
import secrets
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import uvloop

from execution.agent.artifacts import ArtifactCache
from execution.agent.fleet import Fleet
from execution.agent.identities import UID_COUNT, Identities
from execution.agent.launcher import Launcher, plan_slot
from execution.agent.leases import Leases
from execution.agent.link import GatewayLink
from execution.agent.machine_memory import has_memory_for_slot
from execution.config import AgentConfig
from execution.environments import Environment, load_environments
from execution.errors import AgentAlreadyRunning, CannotIsolate
from execution.sandbox.bubblewrap import BubblewrapSandbox
from execution.sandbox.checks import check_bubblewrap, check_isolation, check_uid_range
from execution.sandbox.limits import choose_resource_groups
from execution.sandbox.plan import Sandbox
from execution.sandbox.resources import ResourceGroups
from execution.sandbox.unisolated import UnisolatedSandbox

logger = logging.getLogger(__name__)

BACKLOG = 128
STOP_SECONDS = 2.0
USERS = "slot:x:1000:1000:slot:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
GROUPS = "slot:x:1000:\nnogroup:x:65534:\n"
LIMITS = {
    "Cgroups2": "control groups version 2",
    "Cgroups1": "control groups version 1",
    "WatchedGroups": "looking at it several times a second: this machine gives the agent no control groups",
}


def run_agent(config: AgentConfig, open_artifact: Callable[[str], BinaryIO]) -> None:
    """Runs until SIGTERM or SIGINT. Call it from the main thread; all slots end with it, whatever ends it.

    `open_artifact(digest)` opens the artifact's tar; it may block, and raises FileNotFoundError.
    Raises CannotIsolate, AgentAlreadyRunning and InvalidSetting.
    """
    with _only_agent(config):
        groups = choose_resource_groups(_place(config.home))
        groups.remove_stale()
        _prepare_folders(config)
        environments = {environment.id: environment for environment in load_environments()}
        launcher = _choose_launcher(config, groups, environments)
        logger.info("Slots' memory is limited by %s.", LIMITS[type(groups).__name__])
        uvloop.run(_serve(config, launcher, environments, open_artifact))
        groups.close()
        shutil.rmtree(_open_folder(config))


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


def _place(home: Path) -> str:
    """A name for this home's part of the machine: the same after a restart, another one for another home."""
    return f"agora-{hashlib.sha256(os.fsencode(home)).hexdigest()[:12]}"


def _prepare_folders(config: AgentConfig) -> None:
    """An empty folder for slots, and what the sandbox needs."""
    shutil.rmtree(config.slots_folder, ignore_errors=True)
    shutil.rmtree(_open_folder(config), ignore_errors=True)
    for folder in (config.slots_folder, config.gateway_folder, _staging(config), _accounts(config)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
    for name, text in (("passwd", USERS), ("group", GROUPS)):
        path = _accounts(config) / name
        path.write_text(text)
        path.chmod(0o644)


def _open_folder(config: AgentConfig) -> Path:
    """Where every user of the machine can reach, as a home need not be."""
    return Path("/run") / _place(config.home) if os.geteuid() == 0 else config.slots_folder / "sandbox"


def _staging(config: AgentConfig) -> Path:
    return _open_folder(config) / "staging"


def _accounts(config: AgentConfig) -> Path:
    return _open_folder(config) / "accounts"


def _choose_launcher(config: AgentConfig, groups: ResourceGroups, environments: dict[str, Environment]) -> Launcher:
    """Raises CannotIsolate, unless the operator has said that this does not matter."""
    as_root = os.geteuid() == 0
    start = secrets.randbelow(UID_COUNT)
    identities = Identities(config.first_uid, start=start) if as_root else None
    sandbox: Sandbox = BubblewrapSandbox(staging_folder=_staging(config), accounts_folder=_accounts(config))
    try:
        check_bubblewrap()
        if as_root:
            check_uid_range(config.first_uid, UID_COUNT)
        _probe(config, sandbox, environments, uid=config.first_uid + start if as_root else None)
    except CannotIsolate as error:
        if not config.allow_unisolated:
            raise
        logger.warning(
            "ALGORITHMS RUN WITHOUT ISOLATION, as AGORA_ALLOW_UNISOLATED says: they can read and change "
            "whatever the user of this process can. %s",
            error,
        )
        return Launcher(config, sandbox=UnisolatedSandbox(), groups=groups, identities=None)
    return Launcher(config, sandbox=sandbox, groups=groups, identities=identities)


def _probe(config: AgentConfig, sandbox: Sandbox, environments: dict[str, Environment], *, uid: int | None) -> None:
    folder = config.slots_folder / "probe"
    folder.mkdir()
    for environment in environments.values():
        if environment.available:
            check_isolation(
                sandbox, plan_slot(config, environment, folder=folder, uid=uid, join_files=[], network=False)
            )


async def _serve(
    config: AgentConfig,
    launcher: Launcher,
    environments: dict[str, Environment],
    open_artifact: Callable[[str], BinaryIO],
) -> None:
    artifacts = ArtifactCache(config.artifacts_folder, open_artifact, max_size=config.cache_size)
    fleet = Fleet(
        config,
        launcher,
        environments,
        memory_left=has_memory_for_slot,
        max_boots=os.cpu_count() or 1,
    )
    leases = Leases(config, environments, fleet, artifacts)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with _listen(config.agent_socket) as listener:
        fleet.open(call_in=leases.call_in)
        accepting = asyncio.create_task(_accept(listener, leases))
        await stop.wait()
        accepting.cancel()
        leases.close()
        await fleet.close(STOP_SECONDS)
        artifacts.close()


@contextmanager
def _listen(path: Path) -> Iterator[socket.socket]:
    """Whoever may run as this user may connect. A socket that is there is a dead agent's: we have its lock."""
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
        connected, _ = await asyncio.get_running_loop().sock_accept(listener)
        leases.add_link(GatewayLink(connected, on_message=leases.on_message, on_lost=leases.lose_link))
