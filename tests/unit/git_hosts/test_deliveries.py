"""What GitHub and GitLab send: payloads and signatures as their documentation has them."""

import hmac
import json
from urllib.parse import urlencode

import pytest

from adapters.git_hosts.deliveries import Forged, Provider, Unreadable, read_pushed_branch

SECRET = "It's a Secret to Everybody"
GITHUB_PUSH = {
    "ref": "refs/heads/main",
    "before": "6113728f27ae82c7b1a177c8d03f9e96e0adf246",
    "after": "0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
    "repository": {"id": 186853002, "full_name": "Codertocat/Hello-World", "private": False},
    "pusher": {"name": "Codertocat"},
    "created": False,
    "deleted": False,
    "forced": False,
    "commits": [],
}
GITLAB_PUSH = {
    "object_kind": "push",
    "event_name": "push",
    "before": "95790bf891e76fee5e1747ab589903a6a1f80f22",
    "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    "ref": "refs/heads/master",
    "checkout_sha": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    "project": {"id": 15, "name": "Diaspora", "git_http_url": "http://example.com/mike/diaspora.git"},
    "total_commits_count": 4,
}


def sign(body: bytes) -> str:
    return "sha256=" + hmac.digest(SECRET.encode(), body, "sha256").hex()


def from_github(body: bytes, event: str = "push", **headers: str) -> str | None:
    named = {"X-GitHub-Event": event, "X-Hub-Signature-256": sign(body), "Content-Type": "application/json"}
    return read_pushed_branch("github", {**named, **headers}, body, secret=SECRET)


def from_gitlab(body: bytes, event: str = "Push Hook", token: str = SECRET) -> str | None:
    headers = {"X-Gitlab-Event": event, "X-Gitlab-Token": token, "Content-Type": "application/json"}
    return read_pushed_branch("gitlab", headers, body, secret=SECRET)


def test_the_signature_that_github_describes() -> None:
    described = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert sign(b"Hello, World!") == described
    headers = {"X-GitHub-Event": "ping", "X-Hub-Signature-256": described}
    assert read_pushed_branch("github", headers, b"Hello, World!", secret=SECRET) is None
    with pytest.raises(Forged):
        read_pushed_branch("github", headers, b"Hello, World?", secret=SECRET)


def test_pushes() -> None:
    body = json.dumps(GITHUB_PUSH).encode()
    assert from_github(body) == "main"
    assert from_gitlab(json.dumps(GITLAB_PUSH).encode()) == "master"
    form = urlencode({"payload": body}).encode()
    assert from_github(form, **{"Content-Type": "application/x-www-form-urlencoded"}) == "main"


@pytest.mark.parametrize("change", [{"ref": "refs/tags/v1"}, {"after": "0" * 40}])
def test_what_moves_no_branch(change: dict[str, str]) -> None:
    assert from_github(json.dumps({**GITHUB_PUSH, **change}).encode()) is None
    assert from_gitlab(json.dumps({**GITLAB_PUSH, **change}).encode()) is None


def test_other_news() -> None:
    assert from_github(b'{"zen": "Design for failure."}', "ping") is None
    assert from_gitlab(b"{}", "Issue Hook") is None


@pytest.mark.parametrize("provider", ["github", "gitlab"])
def test_nobody_else_is_heard(provider: Provider) -> None:
    body = json.dumps(GITHUB_PUSH).encode()
    for signature in ("", "sha256=", "sha256=é", "sha1=" + sign(body)[7:], SECRET.lower()):
        headers = {
            "X-GitHub-Event": "push", "X-Hub-Signature-256": signature,
            "X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": signature,
        }  # fmt: skip
        with pytest.raises(Forged):
            read_pushed_branch(provider, headers, body, secret=SECRET)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"ref": 1, "after": "a"}', b"[" * 100_000, b"\xff"])
def test_what_is_no_push(body: bytes) -> None:
    with pytest.raises(Unreadable):
        from_github(body)
