"""How an agent holds the slots of its machine, for the operator: AGORA_HOME/run/agent.json, while the agent runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from execution.sandbox.resources import LimitsKind

NetworkState = Literal["off", "filtered", "refused", "open"]


class MachineReport(msgspec.Struct, frozen=True):
    """What is enforced, and by what."""

    isolated: bool
    """Namespaces, a user of its own inside them, no capability, and a read-only system."""
    system_calls_filtered: bool
    users: tuple[int, int] | None
    """The first and the last of the machine's users that slots run as; None for the agent's own user."""
    limits: LimitsKind
    """What holds memory and processors: control groups, or the agent, which looks several times a second."""
    slot_cpus: float | None
    """The most processors that one slot uses; None for all. With control groups, slots share evenly what there is."""
    network: NetworkState
    """For versions that ask. Refused: it is allowed, and cannot be filtered here. Open: nothing is isolated."""
    warnings: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """For people: one sentence, and the warnings."""
        held = "isolated, with system calls filtered" if self.isolated else "NOT ISOLATED"
        users = f", as users {self.users[0]} to {self.users[1]}" if self.users else ""
        yield f"Slots are {held}{users}; limits by {LIMITS[self.limits]}; internet {self.network}."
        yield from self.warnings

    def write(self, path: Path) -> None:
        """At once: nobody reads half of it."""
        new = path.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self) + b"\n")
        new.replace(path)


LIMITS = {
    "cgroup2": "control groups 2",
    "cgroup1": "control groups 1",
    "watched": "watching, since there are no groups",
}
_decoder = msgspec.json.Decoder(MachineReport)


def read_machine_report(home: Path) -> MachineReport | None:
    """What the agent of this AGORA_HOME says; None when none runs."""
    try:
        return _decoder.decode(report_file(home).read_bytes())
    except FileNotFoundError:
        return None


def report_file(home: Path) -> Path:
    """Where it is."""
    return home / "run" / "agent.json"
