"""Environments made ready to boot."""

import asyncio
import threading
from pathlib import Path

import pytest

from execution.agent import preparation as preparation_module
from execution.agent.detached import run_detached
from execution.agent.preparation import Preparation
from execution.environments import Environment, load_environments
from execution.errors import RunnerNotReady

ENVIRONMENTS = {environment.id: environment for environment in load_environments()}


async def test_python_is_ready_at_once(tmp_path: Path) -> None:
    bootable = await Preparation(ENVIRONMENTS, tmp_path).prepare("python3")
    assert bootable.id == "python3"
    assert (bootable.runner_folder / "runner.py").is_file()
    assert bootable.toolchain.executable.is_file()


async def test_an_environment_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(RunnerNotReady, match="'cobol60' is not available"):
        await Preparation(ENVIRONMENTS, tmp_path).prepare("cobol60")


async def test_it_is_prepared_once_and_after_a_failure_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def prepare(environment: Environment, folder: Path) -> object:
        tried.append(environment.id)
        if len(tried) == 1:
            raise RunnerNotReady("not yet")
        return len(tried)

    monkeypatch.setattr(preparation_module, "prepare_now", prepare)
    preparation = Preparation(ENVIRONMENTS, tmp_path)
    failed = await asyncio.gather(*(preparation.prepare("python3") for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in failed] == ["not yet"] * 3
    assert await asyncio.gather(*(preparation.prepare("python3") for _ in range(3))) == [2, 2, 2]
    assert tried == ["python3", "python3"]


async def test_detached_work_does_not_hold_up_the_end() -> None:
    release = threading.Event()
    working = asyncio.create_task(run_detached(lambda: release.wait(10)))
    await asyncio.sleep(0.01)
    assert [thread.daemon for thread in threading.enumerate() if thread.name == "detached"] == [True]
    release.set()
    assert await working is True


async def test_detached_work_raises_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise RuntimeError("told")

    with pytest.raises(RuntimeError, match="told"):
        await run_detached(fail)
