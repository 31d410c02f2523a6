"""Slots as a whole, with runners that do not boot."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from execution.agent.fleet import Fleet, MachineFull
from execution.agent.launcher import Launcher
from execution.agent.preparation import Bootable
from execution.agent.slot import Slot
from execution.agent.warm_pool import SlotKind
from execution.config import AgentConfig

pytestmark = pytest.mark.xdist_group("sandbox")

PYTHON = SlotKind("python3", network=False)


@pytest.fixture
async def fleet(config: AgentConfig, launcher: Launcher) -> AsyncIterator[Fleet]:
    """Keeps nothing warm until an environment is added."""
    fleet = Fleet(config, launcher, memory_left=lambda: True, memory_short=lambda: False, max_boots=2)
    fleet.open(call_in=lambda: None)
    yield fleet
    await fleet.close(10)
    assert list(config.slots_folder.iterdir()) == []


@pytest.fixture
def broken(python: Bootable, home: Path) -> Bootable:
    """Its runner ends at once."""
    shutil.copytree(python.runner_folder, home / "broken")
    (home / "broken" / "runner.py").write_text("raise SystemExit('broken')\n")
    return replace(python, runner_folder=home / "broken")


async def test_a_runner_that_does_not_boot_is_left_alone_for_a_while(
    fleet: Fleet, broken: Bootable, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    fleet.add(broken)
    with pytest.raises(MachineFull):
        await fleet.take(PYTHON)
    failures = [record for record in caplog.records if "cannot boot" in record.message]
    assert 1 <= len(failures) <= 4
    assert "broken" in failures[0].message


async def test_a_machine_that_starts_no_process_is_left_alone_for_a_while(
    fleet: Fleet, python: Bootable, launcher: Launcher, monkeypatch: pytest.MonkeyPatch, config: AgentConfig
) -> None:
    descriptors = count_descriptors()
    tried = []

    def fail(*arguments: object, **options: object) -> None:
        tried.append(arguments)
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr("execution.agent.launcher.start_process", fail)
    fleet.add(python)
    with pytest.raises(MachineFull):
        await fleet.take(PYTHON)
    assert 1 <= len(tried) <= 4
    assert count_descriptors() == descriptors
    assert list(config.slots_folder.iterdir()) == []


async def test_who_gives_up_leaves_no_slot_behind(fleet: Fleet, python: Bootable) -> None:
    fleet.add(python)
    waiting = [asyncio.create_task(fleet.take(PYTHON)) for _ in range(4)]
    slots = [await waiting[0]]
    for task in waiting[1:]:
        task.cancel()
    results = await asyncio.gather(*waiting[1:], return_exceptions=True)
    slots += [result for result in results if isinstance(result, Slot)]
    for slot in slots:
        fleet.end(slot)


async def test_when_memory_is_short_warm_slots_go_and_then_gateways_are_asked(
    config: AgentConfig, launcher: Launcher, python: Bootable
) -> None:
    short = False
    called_in = asyncio.Event()
    fleet = Fleet(config, launcher, memory_left=lambda: not short, memory_short=lambda: short, max_boots=2)
    fleet.open(call_in=called_in.set)
    fleet.add(python)
    slot = await fleet.take(PYTHON)
    warm = python.environment.manifest.warm_slots
    async with asyncio.timeout(20):
        while len(fleet._warm()) < warm:  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.01)
        assert not called_in.is_set()
        short = True
        await called_in.wait()
    assert fleet._alive() == [slot], "one that has been taken is only asked for"
    await fleet.close(10)


def count_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
