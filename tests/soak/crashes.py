"""Kills slots at random moments, and now and then the agent."""

import asyncio
import random
import time
from contextlib import suppress

import psutil

from tests.benchmarks.platform_under_test import PlatformUnderTest
from tests.soak.holdings import find_slot_processes

SLOT_KILL_SECONDS = (1.0, 4.0)
AGENT_KILLS = (0.1, 0.5)
"""Parts of the time: in the second fifth and in the last the agent has lived for some while, and in the last longer."""


class Crashes:
    """Counts what it killed."""

    def __init__(self, platform: PlatformUnderTest, seconds: float, seed: int) -> None:
        """`seconds` is how long the whole run takes."""
        self._platform = platform
        self._seconds = seconds
        self._chance = random.Random(seed)
        self.slots = 0
        self.agents = 0

    async def run(self) -> None:
        """Kills until it is cancelled."""
        began = time.monotonic()
        while True:
            await asyncio.sleep(self._chance.uniform(*SLOT_KILL_SECONDS))
            part = (time.monotonic() - began) / self._seconds
            if self.agents < len(AGENT_KILLS) and part > AGENT_KILLS[self.agents]:
                self._kill_agent()
            else:
                self._kill_slot()

    def _kill_agent(self) -> None:
        with suppress(psutil.Error):
            psutil.Process(self._platform.pid_of("agent")).kill()
            self.agents += 1

    def _kill_slot(self) -> None:
        """Any process of any slot, whatever it does."""
        if processes := find_slot_processes(self._platform):
            with suppress(psutil.Error):
                self._chance.choice(processes).kill()
                self.slots += 1
