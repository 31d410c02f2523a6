"""What the calls of each version use, as running quantiles.

A number falls into one of eight buckets for each doubling of its size, so that a quantile is right within a sixteenth.
Numbers below 16 have a bucket each. Counting costs the calls nothing but a place in a short queue.
"""

from collections import OrderedDict, deque

import msgspec

from execution.leasing.answers import Usage

MOST_COUNTED = 2048
"""When a profile has counted so many numbers, all of its counts are halved: older calls count less and less."""
MOST_FRESH = 256
"""So many calls, the latest, are counted of those between two looks."""
MOST_PROFILES = 5_000
MANTISSA_BITS = 3


class Quantiles(msgspec.Struct):
    """Of whole numbers from 0 up. Kept as JSON in this form."""

    counts: dict[int, int] = msgspec.field(default_factory=dict)
    """By bucket."""
    total: int = 0

    def add(self, number: int) -> None:
        """Counts one."""
        bucket = bucket_of(number)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.total += 1
        self._forget()

    def merge(self, other: "Quantiles") -> None:
        """Counts all that the other has counted."""
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.total += other.total
        self._forget()

    def at(self, part: float) -> int | None:
        """The number that this part of all, from 0 to 1, do not exceed, or nearly so; None when there are none."""
        left = part * self.total
        for bucket in sorted(self.counts):
            left -= self.counts[bucket]
            if left <= 0:
                return middle_of(bucket)
        return None

    def _forget(self) -> None:
        while self.total >= MOST_COUNTED:
            self.counts = {bucket: count // 2 for bucket, count in self.counts.items() if count > 1}
            self.total = sum(self.counts.values())


class Profile(msgspec.Struct):
    """Of one version. Calls that were answered, with a result or an error of the algorithm."""

    calls: int = 0
    """All of them, counted in the quantiles or not."""
    run_us: Quantiles = msgspec.field(default_factory=Quantiles)
    cpu_us: Quantiles = msgspec.field(default_factory=Quantiles)
    peak_memory_bytes: Quantiles = msgspec.field(default_factory=Quantiles)
    io_bytes: Quantiles = msgspec.field(default_factory=Quantiles)
    """Through the slot's channel: the request, the answer and its chunks. A slot has no disk to write to: its /tmp is
    memory, and counted there. What it reads is its version's files, which the machine mostly has in memory for all of
    the version's slots, so that a disk's share of them says nothing of a call. Calls and data that it asks for are
    calls and transfers of their own."""
    load_us: Quantiles = msgspec.field(default_factory=Quantiles)
    """Of each slot's one loading."""

    def merge(self, other: "Profile") -> None:
        """Takes over what the other knows."""
        self.calls += other.calls
        for name in ("run_us", "cpu_us", "peak_memory_bytes", "io_bytes", "load_us"):
            getattr(self, name).merge(getattr(other, name))


class Recorder:
    """Writes one version's profile."""

    def __init__(self) -> None:
        self.profile = Profile()
        self.restored = False
        """Whether what was known of the version before this process is in the profile."""
        self._fresh: deque[tuple[int, int, int, int]] = deque(maxlen=MOST_FRESH)
        self._changed = False

    def note_call(self, usage: Usage, io_bytes: int) -> None:
        """Remembers a call until the next look."""
        self.profile.calls += 1
        self._fresh.append((usage.run_us, usage.cpu_us, usage.peak_memory_bytes, io_bytes))

    def note_load(self, load_us: int) -> None:
        """Counts a loading."""
        self.profile.load_us.add(load_us)
        self._changed = True

    def take_change(self) -> bool:
        """Counts what was remembered; whether there is something new since the last time."""
        profile, changed = self.profile, self._changed or bool(self._fresh)
        while self._fresh:
            run_us, cpu_us, peak_memory_bytes, io_bytes = self._fresh.popleft()
            profile.run_us.add(run_us)
            profile.cpu_us.add(cpu_us)
            profile.peak_memory_bytes.add(peak_memory_bytes)
            profile.io_bytes.add(io_bytes)
        self._changed = False
        return changed


class Profiles:
    """Of the versions that were called last, MOST_PROFILES of them."""

    def __init__(self) -> None:
        self._recorders: OrderedDict[str, Recorder] = OrderedDict()

    def of(self, version_id: str) -> Recorder:
        """The version's recorder, made if there is none."""
        recorder = self._recorders.setdefault(version_id, Recorder())
        self._recorders.move_to_end(version_id)
        if len(self._recorders) > MOST_PROFILES:
            self._recorders.popitem(last=False)
        return recorder

    def take_changed(self) -> dict[str, Recorder]:
        """Those with something new since the last time, by version."""
        changed = {version_id: recorder for version_id, recorder in self._recorders.items() if recorder.take_change()}
        for version_id in changed:
            self._recorders.move_to_end(version_id)
        return changed


def bucket_of(number: int) -> int:
    """Numbers that are alike have the same; greater ones never a smaller."""
    shift = max(0, number.bit_length() - MANTISSA_BITS - 1)
    return (shift << MANTISSA_BITS) + (number >> shift)


def middle_of(bucket: int) -> int:
    """A number that is alike to all of the bucket."""
    shift = max(0, (bucket >> MANTISSA_BITS) - 1)
    return ((bucket - (shift << MANTISSA_BITS)) << shift) + ((1 << shift) >> 1)
