"""An author's files in the browser: begun, changed, moved, removed, and who may."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Build
from marketplace.organizations.models import Organization
from marketplace.repositories.imports import note_delivery, webhook_secret
from marketplace.repositories.models import Push, SourceImport
from marketplace.repositories.places import ensure_repository
from marketplace.repositories.trees import commit_files, find_head, list_commits, list_files, read_file
from marketplace.web.workspace.urls import urlpatterns

HOME = "/console/team/algorithms/echo"


@pytest.fixture
def echo(as_alice: Client, team: Organization) -> Algorithm:
    """`team/echo`, begun from the template of Python."""
    made = as_alice.post(
        "/console/team/new-algorithm", {"name": "echo", "environment": "python3", "summary": "Says it."}
    )
    assert (made.status_code, made["Location"]) == (302, f"{HOME}/files")
    return Algorithm.objects.get(organization=team)


def edit(client: Client, path: str, text: str, **more: str) -> Any:
    """Opens the file in the editor, and commits it with that text."""
    page = client.get(f"{HOME}/files/edit", {"path": path})
    found = re.search(r'name="base" value="([0-9a-f]{40})"', page.content.decode())
    assert found
    form = {"path": path, "text": text, "base": found[1], **more}
    return client.post(f"{HOME}/files/edit?path={path}", form)


def test_a_new_algorithm_has_its_template_and_a_build(as_alice: Client, echo: Algorithm) -> None:
    page = as_alice.get(f"{HOME}/files").content.decode()
    assert "src/echo.py" in page
    assert "agora.toml" in page
    assert "/git/team/echo.git" in page
    assert Build.objects.get().algorithm_id == echo.id
    (commit,) = list_commits(ensure_repository(echo))
    assert (commit.author, commit.message) == ("alice", "Start from the template")


def test_a_change_is_a_commit_and_a_build(as_alice: Client, echo: Algorithm) -> None:
    answer = edit(as_alice, "src/echo.py", "def apply(input):\r\n    return 1\r\n", message="Return one")
    assert answer.status_code == 302
    repository = ensure_repository(echo)
    head = find_head(repository)
    assert head
    assert read_file(repository, head, "src/echo.py") == b"def apply(input):\n    return 1\n"
    assert Build.objects.count() == 2
    assert Push.objects.get(commit=head).message == "Return one"
    assert "Return one" in as_alice.get(f"{HOME}/commits").content.decode()
    assert 'class="added">+    return 1' in as_alice.get(f"{HOME}/commits/{head}").content.decode()


def test_a_file_is_moved_and_removed(as_alice: Client, echo: Algorithm) -> None:
    page = as_alice.get(f"{HOME}/files/edit", {"path": "src/echo.py"}).content.decode()
    base = re.search(r'name="base" value="([0-9a-f]{40})"', page)
    assert base
    as_alice.post(f"{HOME}/files/edit?path=src/echo.py", {"path": "src/other.py", "text": "x = 1\n", "base": base[1]})
    repository = ensure_repository(echo)
    names = {entry.path for entry in list_files(repository, find_head(repository) or "")}
    assert "src/other.py" in names
    assert "src/echo.py" not in names
    assert "Remove src/other.py?" in as_alice.get(f"{HOME}/files/remove?path=src/other.py").content.decode()
    as_alice.post(f"{HOME}/files/remove?path=src/other.py")
    assert "src/other.py" not in {entry.path for entry in list_files(repository, find_head(repository) or "")}


def test_two_who_edit_at_once_lose_nothing(as_alice: Client, echo: Algorithm) -> None:
    page = as_alice.get(f"{HOME}/files/edit", {"path": "README.md"}).content.decode()
    base = re.search(r'name="base" value="([0-9a-f]{40})"', page)
    assert base
    assert edit(as_alice, "README.md", "The first.\n").status_code == 302
    late = as_alice.post(f"{HOME}/files/edit?path=README.md", {"path": "README.md", "text": "Mine.\n", "base": base[1]})
    assert late.status_code == 200
    shown = late.content.decode()
    assert "Somebody has committed meanwhile" in shown
    assert "Mine." in shown, "what was typed is still there"
    repository = ensure_repository(echo)
    assert read_file(repository, find_head(repository) or "", "README.md") == b"The first.\n"


@pytest.mark.parametrize(
    "path", ["../x", "/etc/passwd", ".git/config", "a//b", "src/.GIT/x", "a\\b", "x" * 501, "src", "agora.toml/x"]
)
def test_paths_that_cannot_be_are_refused(as_alice: Client, echo: Algorithm, path: str) -> None:
    head = find_head(ensure_repository(echo))
    answer = as_alice.post(f"{HOME}/files/edit", {"path": path, "text": "x", "base": head or ""})
    assert answer.status_code == 200
    assert find_head(ensure_repository(echo)) == head


def test_bytes_are_shown_as_such(as_alice: Client, echo: Algorithm) -> None:
    repository = ensure_repository(echo)
    head = find_head(repository)
    commit_files(repository, changes={"a.bin": b"\0\1"}, message="Bytes", author="alice", base=head)
    page = as_alice.get(f"{HOME}/files/edit?path=a.bin").content.decode()
    assert "change it with git" in page
    assert "<textarea" not in page


def test_a_branch_is_followed_with_a_secret_that_is_shown_once(as_alice: Client, echo: Algorithm) -> None:
    address = f"{HOME}/import"
    assert "Nothing is imported" in as_alice.get(address).content.decode()
    wanted = {"provider": "github", "url": "http://192.168.1.1/x", "branch": "main"}
    assert not SourceImport.objects.exists()
    assert "whsec_" not in as_alice.post(address, wanted).content.decode()
    page = as_alice.post(address, wanted | {"url": "https://github.com/ann/ocr"}).content.decode()
    found = SourceImport.objects.get(algorithm=echo)
    assert webhook_secret(found) in page
    note_delivery(found, status=403, text="The signature is wrong.", now=timezone.now())
    SourceImport.objects.update(failure="The repository does not exist, or is not public.")
    page = as_alice.get(address).content.decode()
    assert webhook_secret(found) not in page
    assert "is not public" in page
    assert "The signature is wrong." in page
    assert as_alice.post(f"{address}/fetch").status_code == 302
    assert as_alice.post(f"{address}/end").status_code == 302
    assert not SourceImport.objects.exists()


VISITORS = ("owner", "member", "stranger", "anonymous")
TABLE = {
    ("get", "/console/team/new-algorithm"): (200, 200, 404, 302),
    ("get", f"{HOME}/files"): (200, 200, 404, 302),
    ("get", f"{HOME}/files/edit?path=agora.toml"): (200, 200, 404, 302),
    ("get", f"{HOME}/files/edit"): (200, 200, 404, 302),
    ("get", f"{HOME}/files/remove?path=agora.toml"): (200, 200, 404, 302),
    ("post", f"{HOME}/files/remove?path=agora.toml"): (302, 302, 404, 302),
    ("get", f"{HOME}/import"): (200, 200, 404, 302),
    ("post", f"{HOME}/import"): (200, 200, 404, 302),
    ("post", f"{HOME}/import/fetch"): (404, 404, 404, 302),
    ("post", f"{HOME}/import/end"): (404, 404, 404, 302),
    ("get", f"{HOME}/commits"): (200, 200, 404, 302),
    ("get", f"{HOME}/commits/{{head}}"): (200, 200, 404, 302),
    ("get", f"{HOME}/commits/no_such_commit"): (404, 404, 404, 302),
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]} {row[1]}")
def test_each_visitor_gets_what_the_table_says(
    row: tuple[str, str], echo: Algorithm, alice: User, bob: User, charlie: User
) -> None:
    head = find_head(ensure_repository(echo))
    answers = []
    for person in (charlie, None, bob, alice):  # who may do it comes last
        client = Client()
        if person is not None:
            client.force_login(person)
        answers.append(getattr(client, row[0])(row[1].format(head=head)).status_code)
        if answers[-1] == 302 and person is bob:
            make_file_again(echo, alice)
    stranger, anonymous, member, owner = answers
    assert (owner, member, stranger, anonymous) == TABLE[row]


def make_file_again(echo: Algorithm, alice: User) -> None:
    repository = ensure_repository(echo)
    base = find_head(repository)
    commit_files(repository, changes={"agora.toml": b"x"}, message="Again", author=alice.username, base=base)


def test_the_table_has_every_address() -> None:
    asked = {path.partition("?")[0] for _, path in TABLE}
    for each in urlpatterns:
        place = re.sub("<word:slug>", "team", str(each.pattern))
        place = re.sub("<word:name>", "echo", re.sub("<str:commit_id>", "{head}", place))
        assert f"/{place}" in asked
