"""What the gateway must know to answer a call, as it stands in Redis.

Services publish these when their transaction commits (publisher.py); the gateway holds all of them in
memory (marketplace/gateway/mirror.py). Redis layout:

| key | type | field | value |
| --- | --- | --- | --- |
| `directory:keys` | hash | SHA-256 of the API key, hex | KeyEntry as JSON |
| `directory:algorithms` | hash | `owner/name`, lower case | AlgorithmEntry as JSON |
| `directory:limits` | hash | organization id | LimitsEntry as JSON |
| `directory:approvals` | hash | organization id | ApprovalsEntry as JSON |
| `directory:changes` | channel | | Change as JSON, after each write |
"""

from typing import Literal

import msgspec

KEYS = "directory:keys"
ALGORITHMS = "directory:algorithms"
LIMITS = "directory:limits"
APPROVALS = "directory:approvals"
CHANGES = "directory:changes"


class KeyEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """An API key that may be used. A revoked key has no entry."""

    key_id: str
    user_id: int
    organization_id: str
    """Whom the key acts for, and who pays: a UUID."""
    algorithms: tuple[str, ...] | None = None
    """Beginnings of the `owner/name/` in lower case that it may call; None for all."""
    web: bool = True
    """Whether it may call from pages in a browser."""
    referer_host: str = ""
    """The host of those pages; empty for any."""
    addresses: tuple[str, ...] = ()
    """The networks (`10.0.0.0/8`) that it may be used from; none for all."""
    expires_at: float = 0.0
    """Seconds since the epoch; 0 for never."""
    team: str = ""
    """Id of the team that it belongs to: of what is limited to teams, it reaches that one's alone."""


class PriceEntry(msgspec.Struct, frozen=True):
    """What a call costs, in integer micro-credits."""

    compute_per_second: int
    royalty_per_call: int
    royalty_per_second: int = 0
    free_calls_per_month: int = 0
    free_to_owner: bool = False
    effective_at: float = 0.0
    """Seconds since the epoch."""


class VersionEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version that may be called, or a build that its owners may call before it is one."""

    version_id: str
    """A build's own id, while it is no version."""
    number: str
    """`major.minor.revision`; of a build, `build-` and the beginning of its source's hash."""
    source_hash: str
    artifact: str
    """SHA-256 of the artifact archive, hex: its name in object storage is `artifacts/<digest>.tar`."""
    environment: str
    entry: str
    """Path of the file to load, inside the source tree."""
    timeout_seconds: int
    memory_bytes: int
    network: bool
    calls_others: bool
    price: PriceEntry
    """In force when the entry was written."""
    later_prices: tuple[PriceEntry, ...] = ()
    """Those announced, the next first."""
    signature: str = ""
    """The platform's, of the artifact: see execution/signatures.py."""
    rolled_back: bool = False
    """Whether callers who do not name it get an older one."""
    deprecation: str = ""
    """What its callers are told, if it is deprecated."""
    deprecated_at: float = 0.0
    """Seconds since the epoch, as ends_at."""
    ends_at: float = 0.0
    """When its environment is no more, if that is known."""
    ending: str = ""
    """What callers are told then."""


class SplitEntry(msgspec.Struct, frozen=True):
    """Of the callers for whom both versions would do, so many of 100 get the candidate, and the others the base."""

    base: str
    candidate: str
    """Ids of versions."""
    percent: int


class AlgorithmEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A published algorithm. `versions` is in order of publication, oldest first."""

    algorithm_id: str
    owner: str
    name: str
    organization_id: str
    public: bool
    versions: tuple[VersionEntry, ...] = ()
    builds: tuple[VersionEntry, ...] = ()
    """The newest ones that are no version, for the owners, by the hash of their source or by their id."""
    split: SplitEntry | None = None
    teams: tuple[str, ...] = ()
    """Ids of the teams that a private one is limited to; none for all of the organization."""
    secrets: str = ""
    """`<algorithm id>@<when they changed last>`, empty while there are none; the secrets themselves never come here."""


class BudgetEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """So many micro-credits in each UTC day or month, of the organization, or of its key or member alone."""

    period: Literal["day", "month"]
    amount: int
    hard: bool
    """Whether calls stop when it is spent."""
    key_id: str | None = None
    member_id: int | None = None


class KeyLimitEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """How fast a key may call; 0 is no limit."""

    key_id: str
    calls_per_second: int = 0
    calls_at_once: int = 0


class TeamEntry(msgspec.Struct, frozen=True):
    """Who reaches what an organization limits to a team, besides the keys that belong to it."""

    team_id: str
    members: tuple[int, ...]
    """Ids of users; owners and admins too: they reach what is limited to any."""


class LimitsEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """The budgets, limits and teams of an organization. One without any has no entry."""

    budgets: tuple[BudgetEntry, ...] = ()
    keys: tuple[KeyLimitEntry, ...] = ()
    teams: tuple[TeamEntry, ...] = ()


class ApprovalsEntry(msgspec.Struct, frozen=True):
    """What an organization may call besides its own. One that may call anything has no entry."""

    owner: str
    """The organization's slug."""
    algorithms: dict[str, str]
    """By their ids, the newest version that is approved; empty for all."""


class Change(msgspec.Struct, frozen=True):
    """Entry `field` of hash `kind` was written or removed: read it again."""

    kind: Literal["keys", "algorithms", "balances", "limits", "approvals"]
    field: str
