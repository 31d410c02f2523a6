"""What a gateway and an agent say to each other, over a Unix stream socket: one line of JSON per message.

`Leased` carries file descriptors (SCM_RIGHTS, sent with the line's first byte): the gateway's end of the
slot's call channel, then those of `Leased.usage`, in that order. A gateway that disconnects gives up its
leases and the agent kills those slots: nobody knows what state they are in. `DoorOpened` carries one descriptor.

gateway to agent: Lease, Release, Discard, ReadLog, Fetch, Look, EndWarm, SetDraining. Agent to gateway: DoorOpened,
Leased, LeaseFailed, Exited, Recall, Drain, Resume, Log, Seen.

An agent that is asked to stop sends Drain. A gateway then gives back every slot that is idle, and the others when their
calls are over; it leases only for calls that calls in progress wait for. When no slot is leased any more, or after
AgentConfig.drain_seconds, the agent hangs up and ends. Other calls wait for the next agent. An operator can have the
same without its end (SetDraining): then Resume says that it takes leases again.
"""

from typing import Literal

import msgspec


class VersionSpec(msgspec.Struct, frozen=True):
    """Which version to run, and within which limits."""

    version_id: str
    name: str
    """The algorithm's name, without its owner."""
    artifact: str
    """SHA-256 of the artifact archive, hex."""
    environment: str
    entry: str
    timeout_seconds: int
    memory_bytes: int
    network: bool
    calls_others: bool
    secrets: str = ""
    """Names secrets and their state; the agent asks whoever may read them. Empty: there are none."""
    signature: str = ""
    """Of the artifact: see execution/signatures.py."""


class AlgorithmFailure(msgspec.Struct, frozen=True):
    """What went wrong inside an algorithm, for its author and its caller."""

    message: str
    error_type: str = "AlgorithmError"
    stacktrace: str | None = None


class Lease(msgspec.Struct, frozen=True, tag="lease"):
    """A slot of this version is wanted. Answered by Leased or LeaseFailed with the same `request_id`."""

    request_id: int
    spec: VersionSpec


class Release(msgspec.Struct, frozen=True, tag="release"):
    """The slot is idle and given back; the agent ends it (a slot never serves two versions)."""

    slot_id: int


class Discard(msgspec.Struct, frozen=True, tag="discard"):
    """The slot is in an unknown state (deadline passed, caller gone, protocol broken): kill it now."""

    slot_id: int
    reason: Literal["timeout", "cancelled", "protocol"]


class ReadLog(msgspec.Struct, frozen=True, tag="read_log"):
    """What a leased slot printed since the last one of these is wanted. Answered by Log, at once and in order."""

    request_id: int
    slot_id: int
    listen: bool
    """Whether to keep what it prints from now on, for the next one."""


class Clean(msgspec.Struct, frozen=True, tag="clean"):
    """A call of a slot that has secrets has failed, and may have said them. Answered by Cleaned, at once."""

    request_id: int
    slot_id: int
    failure: AlgorithmFailure


class Fetch(msgspec.Struct, frozen=True, tag="fetch"):
    """A version was published, and may be called soon: its first call need not wait for its files. Not answered."""

    artifact: str


class Look(msgspec.Struct, frozen=True, tag="look"):
    """What the machine does now is wanted. Answered by Seen, at once."""

    request_id: int


class EndWarm(msgspec.Struct, frozen=True, tag="end_warm"):
    """An operator wants this slot ended. One that is leased is its gateway's to give back: nothing happens to it."""

    slot_id: int


class SetDraining(msgspec.Struct, frozen=True, tag="set_draining"):
    """An operator wants this machine free of calls, or wants it to take calls again. All gateways are told."""

    draining: bool


class Leased(msgspec.Struct, frozen=True, tag="leased"):
    """The slot has loaded the version and waits for requests."""

    request_id: int
    slot_id: int
    load_us: int
    """From the lease request until the version had loaded, in microseconds."""
    cold: bool
    """True if the version had to be loaded for this lease."""
    usage: Literal["cgroup1", "cgroup2", "proc"]
    """Meaning of the descriptors after the first. cgroup1: cpuacct.usage (ns), memory.max_usage_in_bytes.
    cgroup2: cpu.stat (usage_usec), memory.peak. proc: /proc/PID/stat (utime+stime in clock ticks), /proc/PID/statm."""


class DoorOpened(msgspec.Struct, frozen=True, tag="door_opened"):
    """The slot for this lease is about to load its version, which may call others. The descriptor is a socket that
    listens inside the slot (execution/sandbox/door.py); it is the gateway's to serve."""

    request_id: int


class LeaseFailed(msgspec.Struct, frozen=True, tag="lease_failed"):
    """No slot. `failure` says that the version cannot load; without it the machine is full: try later."""

    request_id: int
    load_us: int = 0
    failure: AlgorithmFailure | None = None


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    """A leased slot's process has ended, whoever ended it. What is known of the reason comes along."""

    slot_id: int
    exit_code: int | None = None
    signal: int | None = None
    out_of_memory: bool = False
    log_tail: str = ""


class Log(msgspec.Struct, frozen=True, tag="log"):
    """What the slot printed; nothing if it has ended."""

    request_id: int
    text: str = ""


class Cleaned(msgspec.Struct, frozen=True, tag="cleaned"):
    """The failure without the slot's secrets; None if the slot has ended."""

    request_id: int
    failure: AlgorithmFailure | None = None


class Recall(msgspec.Struct, frozen=True, tag="recall"):
    """The agent needs room: release one idle slot, this one if it is idle."""

    slot_id: int


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """The agent will end soon: give back what is idle, end what runs, begin nothing."""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """The agent takes leases again."""


class SlotSeen(msgspec.Struct, frozen=True):
    """A slot, as its agent knows it."""

    slot_id: int
    environment: str
    state: Literal["booting", "warm", "loading", "leased", "ended"]
    network: bool
    pid: int
    """Of its outermost process, on its machine."""
    age_seconds: float


class NodeSeen(msgspec.Struct, frozen=True):
    """A machine, as its agent sees it. Memory is in bytes."""

    name: str
    processors: int
    load: float
    """Processes that ran or wanted to, on average over the last minute."""
    memory: int
    memory_free: int
    max_slots: int
    draining: bool
    slots: tuple[SlotSeen, ...]


class Seen(msgspec.Struct, frozen=True, tag="seen"):
    """What the agent sees."""

    request_id: int
    node: NodeSeen


FromGateway = Lease | Release | Discard | ReadLog | Clean | Fetch | Look | EndWarm | SetDraining
FromAgent = DoorOpened | Leased | LeaseFailed | Exited | Recall | Drain | Resume | Log | Cleaned | Seen
