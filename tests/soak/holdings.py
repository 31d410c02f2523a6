"""What a platform holds of its machine, so that two moments of rest can be compared."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import redis

from execution.agent.machine import name_place
from execution.config import AgentConfig
from tests.benchmarks.platform_under_test import PlatformUnderTest

MEASURED = ("web", "agent", "drain", "redis")
CONTROL_GROUPS = Path("/sys/fs/cgroup")
SPARE_DESCRIPTORS = 4
"""A process may have so many more than at its first rest: each of the workers' few processes opens a connection for the
directory when it first refreshes that, and keeps it (see Holdings.connections)."""


@dataclass(frozen=True)
class Holdings:
    """Numbers of what is held."""

    slots: int
    """Folders of slots: warm, leased, or not cleared away. A lease that nobody gave back is one too many."""
    processes: int
    """Of slots, wherever they are: below the agent, or in one of its control groups."""
    users: int
    """Whose processes those are."""
    control_groups: int
    staged: int
    """Files and folders that sandboxes were prepared in."""
    descriptors: dict[str, int]
    connections: dict[str, int]
    """To Redis, by the client's name and what it asked last. For people: where its descriptors come from."""

    def differences(self, later: "Holdings") -> list[str]:
        """A sentence for each thing of which there is more later."""
        before, after = asdict(self), asdict(later)
        del before["connections"], after["connections"]  # part of Redis's descriptors
        before_open, after_open = before.pop("descriptors"), after.pop("descriptors")
        found = [f"{name}: {before[name]} before, {after[name]} after" for name in before if after[name] > before[name]]
        return found + [
            f"descriptors of {name}: {before_open[name]} before, {after_open[name]} after"
            for name in MEASURED
            if after_open[name] > before_open[name] + SPARE_DESCRIPTORS
        ]


def count_holdings(platform: PlatformUnderTest) -> Holdings:
    """What is held now. Raises psutil.Error when a process of the platform is just starting."""
    place = name_place(platform.home)
    processes = list(_slot_processes(platform, place))
    users = {process.uids().real for process in processes if process.is_running()}
    return Holdings(
        slots=len(list(AgentConfig(platform.home).slots_folder.iterdir())),
        processes=len(processes),
        users=len(users - {os.getuid()}),
        control_groups=sum(1 for _ in CONTROL_GROUPS.glob(f"**/{place}/*/")),
        staged=sum(1 for _ in (Path("/run") / place).rglob("*")),
        connections=_count_connections(platform.environ["REDIS_URL"]),
        descriptors={name: psutil.Process(platform.pid_of(name)).num_fds() for name in MEASURED},
    )


def _count_connections(redis_url: str) -> dict[str, int]:
    with redis.Redis.from_url(redis_url, client_name="soak") as client:
        return dict(sorted(Counter(f"{row['name']} {row['cmd']}" for row in client.client_list()).items()))


def find_slot_processes(platform: PlatformUnderTest) -> list[psutil.Process]:
    """The processes of slots, in no order; none while the agent is just starting."""
    with suppress(psutil.Error):
        return psutil.Process(platform.pid_of("agent")).children(recursive=True)
    return []


def _slot_processes(platform: PlatformUnderTest, place: str) -> Iterator[psutil.Process]:
    below = {process.pid for process in find_slot_processes(platform)}
    for process in psutil.process_iter():
        if process.pid in below or _is_in_group(process.pid, place):
            yield process


def _is_in_group(pid: int, place: str) -> bool:
    try:
        return f"/{place}/" in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False


class MemoryLog:
    """What the platform's processes held, over time."""

    def __init__(self, platform: PlatformUnderTest) -> None:
        self._platform = platform
        self._samples: dict[str, list[float]] = {name: [] for name in MEASURED}

    def sample(self) -> None:
        """Adds what each process holds now; nothing of one that is just starting."""
        for name, samples in self._samples.items():
            with suppress(psutil.Error):
                samples.append(psutil.Process(self._platform.pid_of(name)).memory_info().rss / (1 << 20))

    def latest(self) -> str:
        """For people."""
        return ", ".join(f"{name} {samples[-1]:.0f} MiB" for name, samples in self._samples.items() if samples)

    def fifths(self) -> dict[str, tuple[float, float]]:
        """Mebibytes: the mean of the second fifth of the samples, and of the last."""
        return {name: (_mean(samples, 1), _mean(samples, 4)) for name, samples in self._samples.items()}


def _mean(samples: list[float], fifth: int) -> float:
    part = samples[len(samples) * fifth // 5 : len(samples) * (fifth + 1) // 5]
    return round(sum(part) / max(1, len(part)), 1)
