"""Who may do what: the whole table, over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from marketplace.accounts.models import User
from marketplace.organizations.key_permissions import KeyPermissions
from marketplace.organizations.models import Organization
from marketplace.organizations.services import revoke_api_key
from tests.factories.people import make_api_key, scope_of
from tests.integration.datasets.conftest import Door, token_of

ACLS = {"private": [], "my_algorithms": ["algo://.my/*"], "public": ["user://*"]}
WHO = {
    "owner": ("read", "write"),
    "member": ("read", "write"),
    "stranger": (),
    "nobody": (),
    "owner's algorithm, called by a stranger": ("algorithm",),
    "other's algorithm, called by the owner": ("read", "write"),
    "other's algorithm, called by a stranger": (),
    "owner's key of another organization": (),
}
"""What each may, besides reading what is public; `algorithm` reads what is for the owner's algorithms too."""


@pytest.fixture
def callers(
    door: Callable[[str | None], Door], alice: User, bob: User, charlie: User, team: Organization, settings: Any
) -> dict[str, Door]:
    """Everyone in the table, to a collection of the team."""
    stranger, secret = scope_of(charlie).organization, settings.SECRET_KEY
    return {
        "owner": door(f"Simple {make_api_key(team, by=alice).text}"),
        "member": door(f"Simple {make_api_key(team, by=bob).text}"),
        "stranger": door(f"Simple {make_api_key(by=charlie).text}"),
        "nobody": door(None),
        "owner's algorithm, called by a stranger": door(
            token_of(stranger, charlie, secret, algorithm="Team/words", root_id="1")
        ),
        "other's algorithm, called by the owner": door(
            token_of(team, alice, secret, algorithm="charlie/words", root_id="2")
        ),
        "other's algorithm, called by a stranger": door(
            token_of(stranger, charlie, secret, algorithm="charlie/words", root_id="3")
        ),
        "owner's key of another organization": door(f"Simple {make_api_key(by=alice).text}"),
    }


@pytest.mark.parametrize("acl", ACLS)
def test_the_table_of_permissions(callers: dict[str, Door], acl: str) -> None:
    owner = callers["owner"]
    owner.make("team", "c", acl={"read": ACLS[acl]})
    owner.put("team/c/f", b"1")
    for who, door in callers.items():
        may = WHO[who]
        reads = acl == "public" or "read" in may or ("algorithm" in may and acl == "my_algorithms")
        missing = 401 if who == "nobody" else 404
        unwritable = 401 if who == "nobody" else 403 if reads else 404
        for method, path in (("GET", "team/c/f"), ("HEAD", "team/c/f"), ("GET", "team/c"), ("HEAD", "team/c")):
            assert door.ask(method, path).status_code == (200 if reads else missing), (who, method, path)
        listed = {folder["name"] for folder in door.get("team").json().get("folders", [])}
        assert listed == ({"c"} if reads else set()), who
        written = 200 if "write" in may else unwritable
        assert door.put("team/c/f", b"1").status_code == written, who
        assert door.put("team/c/new", b"1").status_code == written, who
        assert door.make("team/c", "folder").status_code == written, who
        theirs = written == 200
        assert door.delete("team/c/folder" if theirs else "team/c").status_code == written, who
        assert door.delete("team/c/new" if theirs else "team/c/f").status_code == written, who
        assert door.share("team/c", ACLS[acl]).status_code == written, who
        assert door.delete("team/c/missing").status_code == (missing if who == "nobody" else 404), who


def test_only_the_owner_makes_and_deletes_collections(callers: dict[str, Door]) -> None:
    callers["owner"].make("team", "c", acl={"read": ACLS["public"]})
    for who, door in callers.items():
        expected = 200 if "write" in WHO[who] else 401 if who == "nobody" else 403
        made = door.make("team", "more")
        assert made.status_code == expected, (who, made.text)
        assert door.delete("team/more", params={"force": "true"}).status_code in {expected, 404, 401}
        if expected != 200:
            assert door.delete("team/c", params={"force": "true"}).status_code == expected
    assert callers["owner"].get("team").json() == {"folders": [{"name": "c"}]}


def test_what_is_the_callers_is_not_the_authors(
    door: Callable[[str | None], Door], alice: User, charlie: User, settings: Any
) -> None:
    """`.my`, `.session` and `.algo` inside a call of alice's algorithm by charlie, and outside of it."""
    stranger, secret = scope_of(charlie).organization, settings.SECRET_KEY

    def inside(algorithm: str, root_id: str) -> Door:
        return door(token_of(stranger, charlie, secret, algorithm=algorithm, root_id=root_id))

    words, child, other = inside("alice/Words", "1"), inside("alice/child", "1"), inside("alice/Words", "2")
    charlies, alices = door(f"Simple {make_api_key(by=charlie).text}"), door(f"Simple {make_api_key(by=alice).text}")
    assert words.put(".session/f", b"s").json() == {"result": "data://.session/f"}
    assert child.get(".session/f").content == b"s"
    assert words.get(".session").json()["files"][0]["filename"] == "f"
    assert other.get(".session/f").status_code == 404
    assert charlies.get(".session/f").status_code == 400
    assert words.put(".algo/temp/f", b"t").json() == {"result": "data://.algo/alice/words/temp/f"}
    assert words.put(".algo/perm/f", b"p").status_code == 200
    assert child.get(".algo/temp/f").status_code == 404
    assert charlies.get(".algo/alice/Words/temp/f").content == b"t"
    assert charlies.get(".algo/alice/words/perm").json()["files"][0]["size"] == 1
    assert child.get(".algo/alice/words/perm/f").content == b"p", "it acts for charlie too"
    for path in (".algo/alice/words/temp/f", "charlie/.algo/alice/words/temp/f", ".session/f"):
        assert alices.get(path).status_code in {404, 400}
    assert alices.get(".algo/temp/f").status_code == 400
    assert words.make(".algo/temp", "folder").status_code == 200
    assert words.share(".algo/temp", ACLS["public"]).status_code == 400
    assert charlies.get("charlie").json() == {}, "they are no collections"
    assert words.get("").json() == {"folders": [{"name": "charlie"}]}
    assert words.delete(".session", params={"force": "true"}).json() == {"result": {"deleted": 1}}


def test_a_right_to_call_that_is_over_is_none(door: Callable[[str | None], Door], alice: User, settings: Any) -> None:
    token = token_of(scope_of(alice).organization, alice, "another secret" * 5, algorithm="alice/words")
    assert door(token).get("alice").status_code == 401
    alice.is_active = False
    alice.save()
    token = token_of(scope_of(alice).organization, alice, settings.SECRET_KEY, algorithm="alice/words")
    assert door(token).get("alice").status_code == 401


def test_a_key_may_be_for_less(door: Callable[[str | None], Door], alice: User, settings: Any) -> None:
    """And so may the calls that it makes, but for what is the algorithm's own."""
    organization = scope_of(alice).organization
    door(f"Simple {make_api_key(by=alice).text}").make("alice", "c", acl={"read": ACLS["public"]})
    for key_id, may_read, may_write in (("reader", True, False), ("none", False, False)):
        made = make_api_key(by=alice, permissions=KeyPermissions(allow_data=may_read, allow_data_write=may_write))
        token = token_of(
            organization, alice, settings.SECRET_KEY, algorithm="x/y", root_id=key_id, key_id=str(made.row.id)
        )
        for caller in (door(f"Simple {made.text}"), door(token)):
            assert caller.get("alice/c").status_code == (200 if may_read else 403)
            assert caller.put("alice/c/f", b"1").status_code == 403
        assert door(token).put(".session/f", b"1").status_code == 200
        assert door(token).put(".algo/perm/f", b"1").status_code == 200
        assert door(token).get(".algo/alice/other/perm").status_code == (200 if may_read else 403)
        assert door(token).put(".algo/alice/other/perm/f", b"1").status_code == 403
        revoke_api_key(key=made.row, by=alice)
        assert door(token).get(".session/f").status_code == 401
