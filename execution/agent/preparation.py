"""What booting an environment's slots takes: looked up, and compiled where it must be, at the first demand."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from execution.agent.detached import run_detached
from execution.environments import Environment, Toolchain
from execution.errors import RunnerNotReady
from execution.prepared_runners import prepare_runner

AT_ONCE = 2


@dataclass(frozen=True)
class Bootable:
    """An environment whose slots can boot."""

    environment: Environment
    toolchain: Toolchain
    runner_folder: Path

    @property
    def id(self) -> str:
        return self.environment.id


class Preparation:
    """Does each environment once; one that failed is tried again at the next demand."""

    def __init__(self, environments: Mapping[str, Environment], folder: Path) -> None:
        """Compiled runners are kept in `folder`."""
        self._environments = environments
        self._folder = folder
        self._tasks: dict[str, asyncio.Task[Bootable]] = {}
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def prepare(self, environment_id: str) -> Bootable:
        """The environment, ready to boot. May take minutes. Raises RunnerNotReady."""
        environment = self._environments.get(environment_id)
        if environment is None or not environment.available:
            raise RunnerNotReady(f"the environment {environment_id!r} is not available on this machine")
        task = self._tasks.get(environment_id)
        if task is None or (task.done() and task.exception() is not None):
            task = self._tasks[environment_id] = asyncio.create_task(self._prepare(environment))
        return await asyncio.shield(task)

    async def _prepare(self, environment: Environment) -> Bootable:
        async with self._at_once:
            return await run_detached(lambda: prepare_now(environment, self._folder))


def prepare_now(environment: Environment, folder: Path) -> Bootable:
    """Blocks until the environment is ready to boot. Raises RunnerNotReady."""
    toolchain = environment.find_runtime()
    if toolchain is None:
        raise RunnerNotReady(f"the toolchain of {environment.display_name} is too old, or does not start")
    try:
        return Bootable(environment, toolchain, prepare_runner(environment, folder))
    except OSError as error:
        raise RunnerNotReady(f"the runner of {environment.display_name} cannot be made: {error}") from error
