"""The kernel's settings: what the operator decides about one machine."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from execution.errors import InvalidSetting
from execution.signatures import read_key

MEBIBYTE = 1 << 20
SMALLEST_PART = 0.01
"""Of a processor."""
WORDS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


@dataclass(frozen=True)
class AgentConfig:
    """How one agent runs its slots. Times are in seconds, sizes in bytes."""

    home: Path
    """AGORA_HOME: sockets, slots and the cache of unpacked artifacts live below it."""
    max_slots: int = 64
    warm_slots: Mapping[str, int] = field(default_factory=dict)
    """How many slots to keep booted, by environment id; one that is not named keeps its manifest's number, and more by
    demand."""
    load_timeout: float = 60.0
    boot_timeout: float = 30.0
    drain_seconds: float = 10.0
    """How long calls may go on when the agent was asked to stop."""
    slot_memory: int = 512 * MEBIBYTE
    """The limit of a slot that is not specialised yet."""
    slot_processes: int = 256
    """Processes and threads at once in one slot."""
    slot_cpus: float | None = None
    """The most processors that one slot uses; None for all. Slots share evenly what there is."""
    scratch_size: int = 256 * MEBIBYTE
    """The size of a slot's /tmp, which counts as its memory; also the largest file it may write."""
    cache_size: int = 16 << 30
    """How much the unpacked artifacts may take; those in use may take more."""
    allow_network: bool = False
    closed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """What a slot with the network does not reach, besides private networks and the machine's own addresses."""
    allow_unisolated: bool = False
    artifact_keys: tuple[str, ...] = ()
    """Public keys, one of which must have signed what slots load (execution/signatures.py); none: no check."""
    first_uid: int = 600_000
    """When the agent runs as root, its slots run as users from a range of 65536 that starts here."""

    @property
    def agent_socket(self) -> Path:
        return self.home / "run" / "agent.sock"

    @property
    def gateway_folder(self) -> Path:
        """Where the gateway listens for calls from inside slots; slots see this folder as /run/agora."""
        return self.home / "run" / "gateway"

    @property
    def slots_folder(self) -> Path:
        return self.home / "slots"

    @property
    def runners_folder(self) -> Path:
        """Runners that had to be compiled; builds use them too."""
        return self.home / "cache" / "builds" / "runners"

    @property
    def artifacts_folder(self) -> Path:
        return self.home / "cache" / "artifacts"

    @classmethod
    def from_environment(cls, home: Path, environ: Mapping[str, str] = os.environ) -> "AgentConfig":
        """Reads AGORA_MAX_SLOTS, AGORA_WARM_SLOTS (`python3=3,javascript=2`), AGORA_LOAD_TIMEOUT, AGORA_DRAIN_SECONDS,
        AGORA_SLOT_CPUS, AGORA_CACHE_GIB, AGORA_ALLOW_NETWORK, AGORA_CLOSED_NETWORKS (`203.0.113.0/24,2001:db8::/32`),
        AGORA_ALLOW_UNISOLATED, AGORA_ARTIFACT_KEYS and AGORA_FIRST_SLOT_UID. Raises InvalidSetting."""
        return cls(
            home=home,
            max_slots=_number(environ, "AGORA_MAX_SLOTS", cls.max_slots),
            warm_slots=_counts(environ, "AGORA_WARM_SLOTS"),
            slot_cpus=_processors(environ, "AGORA_SLOT_CPUS"),
            load_timeout=float(_number(environ, "AGORA_LOAD_TIMEOUT", int(cls.load_timeout))),
            drain_seconds=float(_number(environ, "AGORA_DRAIN_SECONDS", int(cls.drain_seconds))),
            cache_size=_number(environ, "AGORA_CACHE_GIB", cls.cache_size >> 30) << 30,
            allow_network=_flag(environ, "AGORA_ALLOW_NETWORK"),
            closed_networks=_networks(environ, "AGORA_CLOSED_NETWORKS"),
            allow_unisolated=allows_unisolated(environ),
            artifact_keys=_keys(environ, "AGORA_ARTIFACT_KEYS"),
            first_uid=_number(environ, "AGORA_FIRST_SLOT_UID", cls.first_uid),
        )


def allows_unisolated(environ: Mapping[str, str]) -> bool:
    """AGORA_ALLOW_UNISOLATED. Raises InvalidSetting."""
    return _flag(environ, "AGORA_ALLOW_UNISOLATED")


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or int(text) == 0:
        raise InvalidSetting(f"{name} is {text!r}: set it to a whole number above 0.")
    return int(text)


def _processors(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name, "")
    if not text:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", text) or float(text) < SMALLEST_PART:
        raise InvalidSetting(f"{name} is {text!r}: set it to a number of processors, such as 2 or 0.5.")
    return float(text)


def _flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").strip().lower() or "false"
    if text not in WORDS:
        raise InvalidSetting(f"{name} is {text!r}: set it to true or false.")
    return WORDS[text]


def _counts(environ: Mapping[str, str], name: str) -> dict[str, int]:
    counts = {}
    for part in filter(None, environ.get(name, "").split(",")):
        key, _, number = part.strip().partition("=")
        if not number.isdecimal():
            raise InvalidSetting(f"{name} has {part!r}: write it like python3=3,javascript=2.")
        counts[key] = int(number)
    return counts


def _keys(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    keys = tuple(part.strip() for part in environ.get(name, "").split(",") if part.strip())
    for key in keys:
        read_key(key)
    return keys


def _networks(environ: Mapping[str, str], name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in environ.get(name, "").split(",") if part.strip())
    except ValueError as error:
        raise InvalidSetting(f"{name}: {error}. Write it like 203.0.113.0/24,2001:db8::/32.") from None
