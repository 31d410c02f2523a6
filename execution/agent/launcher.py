"""Starts runner processes, and clears away all that was made for one."""

import asyncio
import os
import shutil
import socket
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from execution.agent.identities import Identities
from execution.agent.preparation import Bootable
from execution.config import AgentConfig
from execution.sandbox.plan import Launch, Sandbox, SlotPlan
from execution.sandbox.process import start_process
from execution.sandbox.resources import ResourceGroup, ResourceGroups

CLEAR_SECONDS = (0.002, 0.1)
"""The first and the longest pause between looks at whether a killed slot's group is empty."""


@dataclass(frozen=True)
class Started:
    """A runner's process, and what was made for it."""

    process: subprocess.Popen[bytes]
    pidfd: int
    """Can be read from when the process has ended."""
    channel: socket.socket
    """The gateway's end. Does not block."""
    log: int
    """The reading end of the log pipe. Does not block."""
    group: ResourceGroup
    uid: int | None
    folder: Path
    """To be filled with the version's files."""
    directory: str
    """Where the runner sees that folder."""


class Launcher:
    """Knows the machine: how to isolate, how to limit, and as whom to run."""

    def __init__(
        self,
        config: AgentConfig,
        *,
        sandbox: Sandbox,
        groups: ResourceGroups,
        identities: Identities | None,
        network: bool,
    ) -> None:
        """`identities` is None where slots run as the agent's own user."""
        self.network = network
        """Whether slots may have the internet."""
        self._config = config
        self._sandbox = sandbox
        self._groups = groups
        self._identities = identities

    @property
    def watched(self) -> bool:
        """Whether slots' limits must be enforced by looking at them again and again."""
        return self._groups.watched

    def start(self, slot_id: int, bootable: Bootable, *, network: bool) -> Started:
        """Starts a runner, which will say when it is ready. Call it from the main thread, with which the process dies.

        Raises OSError when the machine does not let it, and IndexError when all users are taken.
        """
        with ExitStack() as undo:
            uid = self._take_uid(undo)
            folder = self._make_folder(slot_id, undo)
            group = self._groups.create(
                str(slot_id),
                memory=self._config.slot_memory,
                processes=self._config.slot_processes,
                cpus=self._config.slot_cpus,
            )
            undo.callback(group.remove)
            plan = plan_slot(
                self._config, bootable, folder=folder, uid=uid, join_files=group.join_files(), network=network
            )
            launch = self._sandbox.plan_launch(plan)
            process, channel, log = _start_with_pipes(launch, undo)
            pidfd = os.pidfd_open(process.pid)
            undo.pop_all()
        return Started(process, pidfd, channel, log, group, uid, folder, launch.directory)

    async def clear(self, started: Started) -> None:
        """Returns when nothing is left of a slot whose process has ended; kills what outlived it."""
        pause, longest = CLEAR_SECONDS
        started.group.kill()
        while not started.group.remove():
            await asyncio.sleep(pause)
            pause = min(longest, 2 * pause)
            started.group.kill()
        started.channel.close()
        await asyncio.to_thread(shutil.rmtree, started.folder, ignore_errors=True)
        if self._identities is not None and started.uid is not None:
            self._identities.give_back(started.uid)

    def _take_uid(self, undo: ExitStack) -> int | None:
        if self._identities is None:
            return None
        uid = self._identities.take()
        undo.callback(self._identities.give_back, uid)
        return uid

    def _make_folder(self, slot_id: int, undo: ExitStack) -> Path:
        folder = self._config.slots_folder / str(slot_id)
        folder.mkdir()
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # whatever the umask: the slot's user reads it
        return folder


def _start_with_pipes(launch: Launch, undo: ExitStack) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """The process, and our ends of its channel and of its log."""
    channel, theirs = socket.socketpair()
    undo.callback(channel.close)
    log, their_log = os.pipe2(os.O_CLOEXEC)
    undo.callback(os.close, log)
    channel.setblocking(False)
    os.set_blocking(log, False)
    try:
        process = start_process(launch, channel=theirs.fileno(), log=their_log)
    finally:
        theirs.close()
        os.close(their_log)
    undo.callback(process.wait)
    undo.callback(process.kill)
    return process, channel, log


def plan_slot(
    config: AgentConfig,
    bootable: Bootable,
    *,
    folder: Path,
    uid: int | None,
    join_files: list[Path],
    network: bool,
) -> SlotPlan:
    """What the environment's manifest and the operator's settings make of one slot."""
    manifest = bootable.environment.manifest
    return SlotPlan(
        toolchain=bootable.toolchain,
        command=manifest.command,
        runner_folder=bootable.runner_folder,
        version_folder=folder,
        gateway_folder=config.gateway_folder,
        uid=uid,
        join_files=tuple(join_files),
        scratch_size=config.scratch_size,
        processes=config.slot_processes,
        network=network,
        variables=manifest.variables,
        links=manifest.links,
        system_files=manifest.system_files,
    )
