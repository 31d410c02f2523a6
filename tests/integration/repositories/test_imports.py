"""Sources from repositories elsewhere: one that is served by plain HTTP here, as a webhook's host would be there."""

import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.audit.models import AuditEvent
from marketplace.errors import InvalidInput
from marketplace.repositories.imports import fetch_import, set_import, webhook_address, webhook_secret
from marketplace.repositories.models import Push, SourceImport
from marketplace.repositories.places import ensure_repository
from marketplace.repositories.services import commit_changes
from marketplace.repositories.trees import find_head
from tests.factories.catalogue import make_algorithm
from tests.factories.people import make_user, scope_of
from tests.git_program import git
from tests.integration.repositories.conftest import SECONDS, Clone


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass

    def do_GET(self) -> None:
        if self.path.startswith("/moved/"):
            self.send_response(301)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
        else:
            super().do_GET()


@dataclass(frozen=True)
class Elsewhere:
    """A repository that anybody can fetch."""

    work: Clone
    served: Path
    url: str

    def commit(self, answer: str, *options: str) -> str:
        """Served at once; its id."""
        commit = self.work.commit(answer)
        self.publish("HEAD:main", *options)
        return commit

    def publish(self, *arguments: str) -> None:
        self.work.git("push", "-q", str(self.served), *arguments)
        git(self.served, "update-server-info")


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    served = tmp_path / "www" / "ocr.git"
    git(tmp_path, "init", "-q", "--bare", str(served))
    git(tmp_path, "init", "-q", "work")
    with HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "www"))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Elsewhere(
            Clone(tmp_path / "work", "ocr", None),  # type: ignore[arg-type]  # it is not called
            served,
            f"http://127.0.0.1:{server.server_port}/ocr.git",
        )
        server.shutdown()


@pytest.fixture
def ann(db: None) -> User:
    return make_user("ann")


@pytest.fixture
def algorithm(ann: User, settings: Any, tmp_path: Path) -> Algorithm:
    settings.REPOSITORIES = str(tmp_path / "repositories")
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    return make_algorithm("ocr", by=ann)


def follow(algorithm: Algorithm, url: str, *, branch: str = "main", provider: str = "github") -> SourceImport:
    [owner] = User.objects.filter(username="ann")
    return set_import(
        algorithm=algorithm, scope=scope_of(owner), provider=provider, url=url, branch=branch, now=timezone.now()
    )


def fetch(found: SourceImport) -> Push | None:
    found.refresh_from_db()
    push = fetch_import(found, now=timezone.now())
    found.refresh_from_db()
    return push


def test_each_commit_is_built_once(algorithm: Algorithm, elsewhere: Elsewhere) -> None:
    first = elsewhere.commit("one")
    found = follow(algorithm, elsewhere.url)
    push = fetch(found)
    assert push is not None
    assert (push.commit, push.failure, push.bump, found.failure) == (first, "", "minor", "")
    assert push.build is not None
    assert fetch(found) is None, "told twice"
    second = elsewhere.commit("two")
    push = fetch(found)
    assert push is not None
    assert (push.commit, found.commit, find_head(ensure_repository(algorithm))) == (second, second, second)
    assert Push.objects.count() == 2
    assert AuditEvent.objects.filter(action="import.set").count() == 1


def test_a_branch_that_was_written_anew(algorithm: Algorithm, elsewhere: Elsewhere) -> None:
    elsewhere.commit("one")
    found = follow(algorithm, elsewhere.url)
    fetch(found)
    elsewhere.work.git("checkout", "-q", "--orphan", "other")
    anew = elsewhere.commit("another", "--force")
    push = fetch(found)
    assert push is not None
    assert (push.commit, found.failure) == (anew, "")


def test_commits_that_were_pushed_here_are_not_lost(algorithm: Algorithm, elsewhere: Elsewhere, ann: User) -> None:
    first = elsewhere.commit("one")
    found = follow(algorithm, elsewhere.url)
    fetch(found)
    changes = {"NOTES.md": b"Mine.\n"}
    here = commit_changes(algorithm=algorithm, scope=scope_of(ann), changes=changes, message="Note", base=first)
    elsewhere.commit("two")
    for _ in range(2):
        assert fetch(found) is None
        assert "Commits were pushed here that are not there" in found.failure
    assert find_head(ensure_repository(algorithm)) == here.commit
    elsewhere.work.git("pull", "-q", "--rebase", str(ensure_repository(algorithm)), "main")
    elsewhere.publish("--force", "HEAD:main")
    assert fetch(found) is not None
    assert found.failure == ""


@pytest.mark.parametrize(
    ("field", "url", "branch"),
    [
        ("url", "file:///etc", "main"),
        ("url", "ssh://git@example.com/a.git", "main"),
        ("url", "ext::sh -c id", "main"),
        ("url", "--upload-pack=id", "main"),
        ("url", "http://example.com/a.git", "main"),
        ("url", "https://me:secret@example.com/a.git", "main"),
        ("url", "https://127.0.0.1/a.git", "main"),
        ("url", "https://[::ffff:10.0.0.1]/a.git", "main"),
        ("branch", "https://example.com/a.git", "-x"),
        ("branch", "https://example.com/a.git", "main:refs/heads/main"),
        ("branch", "https://example.com/a.git", "a..b"),
        ("branch", "https://example.com/a.git", ""),
    ],
)
def test_what_is_not_followed(algorithm: Algorithm, settings: Any, field: str, url: str, branch: str) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    with pytest.raises(InvalidInput) as raised:
        follow(algorithm, url, branch=branch)
    assert raised.value.field == field


def test_names_of_private_addresses_are_not_fetched(algorithm: Algorithm, elsewhere: Elsewhere, settings: Any) -> None:
    elsewhere.commit("one")
    settings.WEBHOOK_PRIVATE_NETWORKS = False
    found = follow(algorithm, elsewhere.url.replace("http://127.0.0.1", "https://localhost"))
    assert fetch(found) is None
    assert "localhost cannot be reached" in found.failure
    assert "is no public address" in found.failure


def test_redirections_are_not_followed(algorithm: Algorithm, elsewhere: Elsewhere) -> None:
    elsewhere.commit("one")
    found = follow(algorithm, elsewhere.url.replace("/ocr.git", "/moved/ocr.git"))
    assert fetch(found) is None
    assert found.failure
    assert find_head(ensure_repository(algorithm)) is None


def test_a_branch_that_is_not_there(algorithm: Algorithm, elsewhere: Elsewhere) -> None:
    elsewhere.commit("one")
    found = follow(algorithm, elsewhere.url, branch="release/1")
    assert fetch(found) is None
    assert "release/1" in found.failure


def test_only_the_host_is_heard(algorithm: Algorithm, elsewhere: Elsewhere, client: Client) -> None:
    found = follow(algorithm, elsewhere.url, provider="gitlab")
    path = webhook_address(found).partition("/v1/")[2]

    def tell(token: str, ref: str = "refs/heads/main") -> tuple[int, str]:
        body = json.dumps({"ref": ref, "after": "a" * 40})
        headers = {"X-Gitlab-Token": token, "X-Gitlab-Event": "Push Hook"}
        answer = client.post(f"/v1/{path}", body, content_type="application/json", headers=headers)
        return answer.status_code, answer.content.decode()

    assert tell(webhook_secret(found)) == (202, "main will be fetched and built.\n")
    assert tell(webhook_secret(found), "refs/heads/other")[0] == 200
    assert tell("whsec_guess")[0] == 403
    assert client.post(f"/v1/{path}").status_code == 403
    old = webhook_secret(found)
    follow(algorithm, elsewhere.url, provider="gitlab")
    assert tell(old)[0] == 404, "each import has an address and a secret of its own"


def test_a_push_elsewhere_is_answered_here(
    make_clone: Callable[[str], Clone], elsewhere: Elsewhere, tmp_path: Path
) -> None:
    """On a whole platform."""
    here = make_clone("imported")
    there = Elsewhere(Clone(elsewhere.work.folder, "imported", here.api), elsewhere.served, elsewhere.url)
    there.commit("first")
    body = {"provider": "github", "url": there.url}
    made = here.api.put("/v1/algorithms/demo/imported/import", json=body).raise_for_status().json()
    here.wait_for("first")
    commit = there.commit("second")
    news = json.dumps({"ref": "refs/heads/main", "after": commit}).encode()
    signature = hmac.digest(made["webhook_secret"].encode(), news, "sha256").hex()
    headers = {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature}"}
    for _ in range(3):
        assert here.api.post(made["webhook_url"], content=news, headers=headers).status_code == 202
    here.wait_for("second")
    deadline = time.monotonic() + SECONDS
    while (found := here.api.get("/v1/algorithms/demo/imported/import").json())["commit_sha"] != commit:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    versions = here.api.get("/v1/algorithms/demo/imported/versions").json()["results"]
    assert len(versions) == 2, "deliveries that come again publish nothing"
    git(tmp_path / "imported", "pull", "-q", "origin", "main")
    assert git(tmp_path / "imported", "rev-parse", "HEAD").stdout.strip() == commit
