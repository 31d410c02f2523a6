"""What it is worth to keep an idle slot: what a cold start costs, how likely it is soon, what memory the slot holds.

Pure functions. Times are in seconds, memory in bytes.
"""

import math
from dataclasses import dataclass

MEMORY_SECONDS = 60.0
"""A call that long ago counts for a third of one that is made now."""
HORIZON_SECONDS = 60.0
"""How soon a call must come for the slot to have been kept for something."""
KEPT_FOR_A_SECOND = 120.0
"""How long a slot is kept without a call for each second that its loading took."""
MOST_KEPT_SECONDS = 1_800.0


@dataclass
class CallRate:
    """How often a slot is used lately. A slot that others shield from calls, as the last of many, is used less."""

    per_second: float = 0.0

    def observe(self, calls: int, seconds: float) -> None:
        """So many calls have come in the last so many seconds."""
        self.per_second = self.per_second * math.exp(-seconds / MEMORY_SECONDS) + calls / MEMORY_SECONDS


def worth(*, load_seconds: float, calls_per_second: float, memory_bytes: int) -> float:
    """Seconds of loading that keeping the slot is likely to save, for each byte that it holds."""
    likely = -math.expm1(-calls_per_second * HORIZON_SECONDS)
    return load_seconds * likely / max(1, memory_bytes)


def keep_seconds(load_seconds: float, *, at_least: float) -> float:
    """How long a slot is kept without a call, where nobody needs its room."""
    return max(at_least, min(MOST_KEPT_SECONDS, KEPT_FOR_A_SECOND * load_seconds))
