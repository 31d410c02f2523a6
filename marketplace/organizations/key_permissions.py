"""What one API key may do, of what its maker may: Algorithmia's permission object, and the questions about it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from marketplace.directory.client_addresses import write_network
from marketplace.errors import InvalidInput, PermissionDenied
from marketplace.organizations.models import ALL_ALGORITHMS, ALL_DATA, ApiKey

PATTERN = re.compile(r"algo://(\*|[a-z]\w{0,63}/\*|[a-z]\w{0,63}/[a-z]\w{0,63}/\*)", re.ASCII)
DATA = re.compile(r"data://(\*|[a-z]\w{0,63}/\*|[a-z]\w{0,63}/[^/*]{1,100}/\*)", re.ASCII)
MOST_PATTERNS = 100
HOST = re.compile(r"[A-Za-z0-9.*:-]{0,255}")


@dataclass(frozen=True)
class KeyPermissions:
    """Everything, unless something is taken away. The names are ApiKey's fields."""

    allow_algo: bool = True
    algo_acl: tuple[str, ...] = (ALL_ALGORITHMS,)
    allow_web_algo: bool = True
    referer_host: str = ""
    allow_data: bool = True
    allow_data_write: bool = True
    allow_algo_management: bool = True
    data_acl: tuple[str, ...] = (ALL_DATA,)
    addresses: tuple[str, ...] = ()
    """Networks; none for all."""
    expires_at: datetime | None = None

    def as_fields(self) -> dict[str, Any]:
        """The same as ApiKey's fields. Raises InvalidInput for a pattern, host or network that cannot be."""
        algorithms = _read_patterns(
            "algo_acl", self.algo_acl, PATTERN, "algo://*, algo://owner/* or algo://owner/name/*"
        )
        data = _read_patterns("data_acl", self.data_acl, DATA, "data://*, data://owner/* or data://owner/collection/*")
        if HOST.fullmatch(self.referer_host) is None:
            raise InvalidInput("referer_host", "This is not the name of a host.")
        networks = _read_networks(self.addresses)
        return {**asdict(self), "algo_acl": algorithms, "data_acl": data, "addresses": networks}


ALL = KeyPermissions()


def permissions_of(key: ApiKey) -> KeyPermissions:
    """What the key may do."""
    values = {field.name: getattr(key, field.name) for field in fields(KeyPermissions)}
    lists = {name: tuple(values[name]) for name in ("algo_acl", "data_acl", "addresses")}
    return KeyPermissions(**values | lists)


def check_can_grant(key: ApiKey, wanted: KeyPermissions) -> None:
    """Raises PermissionDenied when a key made with `key` would be allowed what `key` is not; InvalidInput."""
    fields = wanted.as_fields()
    held = permissions_of(key)
    flags = ("allow_algo", "allow_web_algo", "allow_data", "allow_data_write", "allow_algo_management")
    beyond = [name for name in flags if getattr(wanted, name) and not getattr(held, name)]
    if wanted.allow_algo and not all(_covers(held.algo_acl, pattern) for pattern in fields["algo_acl"]):
        beyond.append("algo_acl")
    if wanted.allow_data and not all(_covers(held.data_acl, pattern) for pattern in fields["data_acl"]):
        beyond.append("data_acl")
    if held.addresses and not (fields["addresses"] and set(fields["addresses"]) <= set(held.addresses)):
        beyond.append("addresses")
    if held.expires_at and (wanted.expires_at is None or wanted.expires_at > held.expires_at):
        beyond.append("expires_at")
    if wanted.allow_web_algo and held.referer_host and wanted.referer_host.lower() != held.referer_host.lower():
        beyond.append("referer_host")
    if beyond:
        raise PermissionDenied(f"The key that asks has no such {beyond[0]} itself: it cannot give it to another.")


def check_can_call(key: ApiKey, full_name: str) -> None:
    """Raises PermissionDenied for a key that may not call the algorithm `owner/name`."""
    if not key.allow_algo or not _covers(key.algo_acl, f"algo://{full_name.lower()}/"):
        raise PermissionDenied("This key may not call this algorithm: its algo_acl does not name it.")


def to_beginnings(*, allow_algo: bool, algo_acl: Collection[str]) -> tuple[str, ...] | None:
    """How `owner/name/`, in lower case, begins of what a key may call; None for any."""
    if not allow_algo:
        return ()
    if ALL_ALGORITHMS in algo_acl:
        return None
    return tuple(pattern.removeprefix("algo://").removesuffix("*") for pattern in algo_acl)


def check_can_manage(key: ApiKey) -> None:
    """Raises PermissionDenied for a key that may only call or use data."""
    if not key.allow_algo_management:
        raise PermissionDenied("This key may not manage algorithms: make one with allow_algo_management.")


def check_can_reach_data(key: ApiKey, path: str) -> None:
    """Raises PermissionDenied for a key that is not for the data at `owner/collection/…`."""
    if not _covers(key.data_acl, f"data://{path.lower()}/"):
        raise PermissionDenied("This key is not for this data: its data_acl does not name it.")


def check_can_read_data(key: ApiKey) -> None:
    """Raises PermissionDenied for a key that has no allow_data."""
    if not key.allow_data:
        raise PermissionDenied("This key may not read data: make one with allow_data.")


def check_can_write_data(key: ApiKey) -> None:
    """Raises PermissionDenied for a key that has no allow_data_write."""
    if not key.allow_data_write:
        raise PermissionDenied("This key may not write data: make one with allow_data_write.")


def _read_patterns(field: str, patterns: Sequence[str], rule: re.Pattern[str], words: str) -> list[str]:
    if len(patterns) > MOST_PATTERNS:
        raise InvalidInput(field, f"A key may name {MOST_PATTERNS} patterns.")
    normal = list(dict.fromkeys(_normalize(pattern) for pattern in patterns))
    if not all(map(rule.fullmatch, normal)):
        raise InvalidInput(field, f"A pattern is {words}.")
    return normal


def _read_networks(networks: Sequence[str]) -> list[str]:
    if len(networks) > MOST_PATTERNS:
        raise InvalidInput("addresses", f"A key may name {MOST_PATTERNS} networks.")
    try:
        return list(dict.fromkeys(map(write_network, networks)))
    except ValueError:
        raise InvalidInput("addresses", "A network is like 203.0.113.7 or 203.0.113.0/24.") from None


def _normalize(pattern: str) -> str:
    """Lower case, and every pattern with its star."""
    lowered = pattern.lower()
    return lowered if lowered.endswith("*") else f"{lowered.rstrip('/')}/*"


def _covers(patterns: Sequence[str], wanted: str) -> bool:
    return any(wanted.startswith(pattern.removesuffix("*")) for pattern in patterns)
