"""Processes that make pages for visitors: what happens when one ends, and when the server does."""

import time
from collections.abc import Callable

import httpx
import psutil
import pytest

from tests.platform import RunningPlatform

SECONDS = 60.0
STOP_SECONDS = 5.0
Finder = Callable[[RunningPlatform], list[psutil.Process]]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def visit(platform: RunningPlatform) -> int:
    return httpx.get(f"{platform.address}/publish", timeout=SECONDS).status_code


def find_web(platform: RunningPlatform) -> psutil.Process:
    return psutil.Process(int((platform.home / "run" / "web.pid").read_text()))


def find_originals(platform: RunningPlatform) -> list[psutil.Process]:
    """The process that the others are copies of; started by a visit."""
    assert visit(platform) == 200
    return [child for child in find_web(platform).children() if "forkserver" in " ".join(child.cmdline())]


def find_makers(platform: RunningPlatform) -> list[psutil.Process]:
    """The processes that make pages."""
    return [maker for original in find_originals(platform) for maker in original.children()]


@pytest.fixture
def makers(platform: RunningPlatform) -> list[psutil.Process]:
    wait_for(lambda: find_makers(platform))
    return find_makers(platform)


def test_pages_are_made_in_processes_of_their_own(platform: RunningPlatform, makers: list[psutil.Process]) -> None:
    before = sum(maker.cpu_times().user for maker in makers)
    wait_for(lambda: visit(platform) == 200 and sum(maker.cpu_times().user for maker in makers) > before)


def test_a_process_that_ends_is_replaced(platform: RunningPlatform, makers: list[psutil.Process]) -> None:
    for maker in makers:
        maker.kill()
    assert [visit(platform) for _ in range(5)] == [200] * 5
    wait_for(lambda: (found := find_makers(platform)) and not {*found} & {*makers})


def test_they_end_with_a_server_that_is_killed(platform: RunningPlatform, makers: list[psutil.Process]) -> None:
    web = find_web(platform)
    children = web.children(recursive=True)
    web.kill()
    _, alive = psutil.wait_procs(children, timeout=SECONDS)
    assert not alive
    wait_for(lambda: _is_back(platform, web.pid))


@pytest.mark.parametrize("find", [find_originals, find_makers])
def test_a_server_that_stops_does_not_wait_for_one_that_still_starts(platform: RunningPlatform, find: Finder) -> None:
    find_web(platform).kill()
    wait_for(lambda: _is_back(platform, 0) and find(platform))
    web = find_web(platform)
    for starting in find(platform):
        starting.suspend()  # it is not ready before the server ends
    logged = (platform.home / "logs" / "web.log").stat().st_size
    web.terminate()
    web.wait(STOP_SECONDS)
    wait_for(lambda: _is_back(platform, web.pid))
    assert b"Traceback" not in (platform.home / "logs" / "web.log").read_bytes()[logged:]


def _is_back(platform: RunningPlatform, before: int) -> bool:
    try:
        return find_web(platform).pid != before and visit(platform) == 200
    except (httpx.TransportError, ValueError, OSError, psutil.NoSuchProcess):
        return False
