"""What GitHub and GitLab send to a webhook when somebody has pushed. Pure.

Neither is believed more than this: that it is worth a look at the branch. So it does not matter when a delivery comes
twice, late or out of order.
"""

import hmac
from collections.abc import Mapping
from typing import Literal
from urllib.parse import parse_qs

import msgspec

Provider = Literal["github", "gitlab"]
FORM = "application/x-www-form-urlencoded"
BRANCHES = "refs/heads/"


class Forged(Exception):
    """It is not signed with the secret, or not at all."""


class Unreadable(Exception):
    """It is signed, and is not what the host describes."""


class _Push(msgspec.Struct):
    ref: str
    after: str
    """The branch's new commit; zeros for one that was deleted."""


def read_pushed_branch(provider: Provider, headers: Mapping[str, str], body: bytes, *, secret: str) -> str | None:
    """The branch that has new commits; None for other news. `headers` finds names in whatever case.

    Raises Forged, Unreadable.
    """
    if provider == "github":
        _check_github(headers.get("X-Hub-Signature-256", ""), body, secret)
        pushed = headers.get("X-GitHub-Event") == "push"
    else:
        _check_gitlab(headers.get("X-Gitlab-Token", ""), secret)
        pushed = headers.get("X-Gitlab-Event") == "Push Hook"
    return _branch_of(_payload_of(headers, body)) if pushed else None


def _check_github(signature: str, body: bytes, secret: str) -> None:
    expected = "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise Forged("X-Hub-Signature-256 is not the body's with this webhook's secret.")


def _check_gitlab(token: str, secret: str) -> None:
    if not hmac.compare_digest(secret.encode(), token.encode()):
        raise Forged("X-Gitlab-Token is not this webhook's secret.")


def _payload_of(headers: Mapping[str, str], body: bytes) -> bytes:
    """GitHub sends a form unless it is told to send JSON."""
    if not headers.get("Content-Type", "").startswith(FORM):
        return body
    return parse_qs(body, max_num_fields=10).get(b"payload", [b""])[0]


def _branch_of(payload: bytes) -> str | None:
    try:
        push = msgspec.json.decode(payload, type=_Push)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"This is no push: {error}.") from None
    if not push.ref.startswith(BRANCHES) or not push.after.strip("0"):
        return None
    return push.ref.removeprefix(BRANCHES)
