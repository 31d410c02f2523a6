"""What one API key may do, of what its maker may: Algorithmia's permission object, and the questions about it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from marketplace.errors import InvalidInput, PermissionDenied
from marketplace.organizations.models import ALL_ALGORITHMS, ApiKey

PATTERN = re.compile(r"algo://(\*|[a-z]\w{0,63}/\*|[a-z]\w{0,63}/[a-z]\w{0,63}/\*)", re.ASCII)
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

    def as_fields(self) -> dict[str, Any]:
        """The same as ApiKey's fields. Raises InvalidInput for a pattern or host that cannot be."""
        if len(self.algo_acl) > MOST_PATTERNS:
            raise InvalidInput("algo_acl", f"A key may name {MOST_PATTERNS} patterns.")
        patterns = list(dict.fromkeys(_normalize(pattern) for pattern in self.algo_acl))
        for pattern in patterns:
            if PATTERN.fullmatch(pattern) is None:
                raise InvalidInput("algo_acl", "A pattern is algo://*, algo://owner/* or algo://owner/name/*.")
        if HOST.fullmatch(self.referer_host) is None:
            raise InvalidInput("referer_host", "This is not the name of a host.")
        return {**asdict(self), "algo_acl": patterns}


ALL = KeyPermissions()


def permissions_of(key: ApiKey) -> KeyPermissions:
    """What the key may do."""
    values = {field.name: getattr(key, field.name) for field in fields(KeyPermissions)}
    return KeyPermissions(**{**values, "algo_acl": tuple(key.algo_acl)})


def check_can_grant(key: ApiKey, wanted: KeyPermissions) -> None:
    """Raises PermissionDenied when a key made with `key` would be allowed what `key` is not; InvalidInput."""
    patterns = wanted.as_fields()["algo_acl"]
    held = permissions_of(key)
    flags = ("allow_algo", "allow_web_algo", "allow_data", "allow_data_write", "allow_algo_management")
    beyond = [name for name in flags if getattr(wanted, name) and not getattr(held, name)]
    if wanted.allow_algo and not all(_covers(held.algo_acl, pattern) for pattern in patterns):
        beyond.append("algo_acl")
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


def check_can_read_data(key: ApiKey) -> None:
    """Raises PermissionDenied for a key that has no allow_data."""
    if not key.allow_data:
        raise PermissionDenied("This key may not read data: make one with allow_data.")


def check_can_write_data(key: ApiKey) -> None:
    """Raises PermissionDenied for a key that has no allow_data_write."""
    if not key.allow_data_write:
        raise PermissionDenied("This key may not write data: make one with allow_data_write.")


def _normalize(pattern: str) -> str:
    """Lower case, and every pattern with its star."""
    lowered = pattern.lower()
    return lowered if lowered.endswith("*") else f"{lowered.rstrip('/')}/*"


def _covers(patterns: Sequence[str], wanted: str) -> bool:
    return any(wanted.startswith(pattern.removesuffix("*")) for pattern in patterns)
