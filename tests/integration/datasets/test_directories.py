"""Directories over HTTP, as published clients ask for them."""

import json
import re

import pytest

from tests.integration.datasets.conftest import Door, message_of
from tests.integration.gateway_edges.raw_http import request_bytes, send

PUBLIC, MINE, PRIVATE = ["user://*"], ["algo://.my/*"], []


def test_a_collection_is_made_and_listed(as_alice: Door) -> None:
    made = as_alice.make(".my", "pictures")
    assert (made.status_code, made.json()) == (200, {"result": "data://alice/pictures"})
    listing = as_alice.get(".my/pictures")
    assert (listing.status_code, listing.json(), listing.headers["x-data-type"]) == (200, {}, "directory")
    assert as_alice.get("alice").json() == {"folders": [{"name": "pictures"}]}


def test_the_first_folder_of_the_root_is_the_callers_name(as_alice: Door) -> None:
    answer = as_alice.get("")
    assert (answer.json(), answer.headers["x-data-type"]) == ({"folders": [{"name": "alice"}]}, "directory")
    assert as_alice.client.get("/v1/data").json() == answer.json()


def test_a_listing_names_files_with_size_and_time(as_alice: Door) -> None:
    as_alice.make(".my", "texts")
    as_alice.put(".my/texts/a.txt", b"12345")
    listing = as_alice.get("alice/texts", params={"acl": "true"}).json()
    (file,) = listing["files"]
    assert (file["filename"], file["size"], listing["acl"]) == ("a.txt", 5, {"read": MINE})
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", file["last_modified"])
    assert set(listing) == {"files", "acl"}


def test_both_prefixes_mean_the_same(as_alice: Door) -> None:
    connector = Door(as_alice.client, "/v1/connector/data")
    assert connector.make("alice", "both").status_code == 200
    assert as_alice.put("alice/both/f", b"x").json() == {"result": "data://alice/both/f"}
    assert connector.get("alice/both/f").content == b"x"


def test_a_path_may_come_encoded_whole(as_alice: Door) -> None:
    as_alice.make(".my", "my dir")
    assert as_alice.put(".my%2Fmy+dir%2Fa+b%2Bc", b"1").json() == {"result": "data://alice/my dir/a b+c"}
    assert as_alice.get(".my/my%20dir/a%20b+c").content == b"1"


def test_folders_lie_in_folders(as_alice: Door) -> None:
    as_alice.make(".my", "deep", acl={"read": PUBLIC})
    as_alice.make(".my/deep", "er")
    assert as_alice.put(".my/deep/er/f", b"1").status_code == 200
    assert as_alice.get(".my/deep", params={"acl": "True"}).json() == {
        "folders": [{"name": "er", "acl": {"read": PUBLIC}}],
        "acl": {"read": PUBLIC},
    }
    assert as_alice.delete(".my/deep", params={"force": "true"}).text == '{"result":{"deleted":1}}'
    assert as_alice.get(".my/deep/er/f").status_code == 404


def test_long_listings_come_in_pages(as_alice: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.datasets.selectors.PAGE_SIZE", 3)
    as_alice.make(".my", "many")
    for name in ("a", "b", "c", "d"):
        as_alice.make(".my/many", name)
        as_alice.put(f".my/many/{name}.txt", b"")
    seen, marker, pages = [], "", 0
    while marker is not None:
        page = as_alice.get(".my/many", params={"marker": marker}).json()
        rows = [row["name"] for row in page.get("folders", [])] + [row["filename"] for row in page.get("files", [])]
        assert len(rows) <= 3
        seen, marker, pages = seen + rows, page.get("marker"), pages + 1
    assert (seen, pages) == (["a", "b", "c", "d", "a.txt", "b.txt", "c.txt", "d.txt"], 3)


def test_a_marker_of_ones_own_making_is_refused(as_alice: Door) -> None:
    for marker in ("&", "eHh4", "ZgA=", "\u00e9"):
        assert as_alice.get("alice", params={"marker": marker}).status_code == 400, marker


def test_a_directory_with_something_in_it_is_deleted_by_force_only(as_alice: Door) -> None:
    as_alice.make(".my", "full")
    as_alice.put(".my/full/f", b"1")
    refused = as_alice.delete(".my/full")
    assert (refused.status_code, refused.json()["error"]["deleted"]) == (409, 0)
    assert "force=true" in message_of(refused)
    assert as_alice.delete(".my/full", params={"force": "TRUE"}).json() == {"result": {"deleted": 1}}
    assert message_of(as_alice.get(".my/full")) == "path not found"


def test_an_acl_is_changed(as_alice: Door) -> None:
    as_alice.make(".my", "shared", acl={"read": PRIVATE})
    assert as_alice.get(".my/shared", params={"acl": "true"}).json() == {"acl": {"read": PRIVATE}}
    assert as_alice.share(".my/shared", PUBLIC).status_code == 200
    assert as_alice.get(".my/shared", params={"acl": "true"}).json() == {"acl": {"read": PUBLIC}}


def test_an_acl_of_another_kind_is_refused(as_alice: Door) -> None:
    as_alice.make(".my", "shared")
    for acl in ({}, {"read": "user://*"}, {"read": ["user://bob"]}, {"read": [1]}, [], "x"):
        assert "user://*" in message_of(as_alice.ask("PATCH", ".my/shared", json={"acl": acl}))
        assert as_alice.make(".my", "other", acl=acl).status_code == 400


def test_a_name_that_cannot_be_is_refused(as_alice: Door) -> None:
    names = ("", ".", "..", "a/b", "a\0b", "a\nb", "é" * 128, None, 5, ["a"], ".algo", ".session", ".my", "\ud800")
    for name in names:
        made = as_alice.ask("POST", ".my", content=json.dumps({"name": name}))
        assert made.status_code == 400, name
    assert as_alice.get("alice").json() == {}


def test_a_path_that_cannot_be_is_refused(as_alice: Door) -> None:
    """By hand, since a client library would mend some of them."""
    key = as_alice.client.headers["Authorization"].removeprefix("Simple ")
    for path in ("a/../b", "./a", "a//b", "a%00b", "a%0Ab", "%ff", "%E9", "a/%2e%2e/b", "x" * 300):
        for method in (b"GET", b"PUT", b"DELETE", b"HEAD", b"POST"):
            request = request_bytes(method, f"/v1/data/alice/{path}".encode(), key, b'{"name": "x"}')
            answer = send(str(as_alice.client.base_url), request)
            assert answer.status == 400, (method, path)
            assert b"x-error-message: path: " in answer.headers


def test_a_path_ends_somewhere(as_alice: Door) -> None:
    path = ".my"
    for number in range(4):
        assert as_alice.make(path, f"{number}" * 250).status_code == 200
        path += "/" + f"{number}" * 250
    assert as_alice.make(path, "5" * 250).status_code == 400


def test_what_is_there_is_not_made_again(as_alice: Door) -> None:
    as_alice.make(".my", "c")
    as_alice.put(".my/c/name", b"1")
    assert as_alice.make(".my", "c").status_code == 409
    assert as_alice.make(".my/c", "name").status_code == 409
    assert as_alice.put(".my/c", b"1").status_code == 409
    assert as_alice.put("alice", b"1").status_code == 400


def test_what_is_missing_is_not_found(as_alice: Door) -> None:
    assert message_of(as_alice.get("nobody1/c/f")) == "path not found"
    assert as_alice.make(".my/missing", "c").status_code == 404
    assert as_alice.put(".my/missing/f", b"1").status_code == 404
    assert as_alice.share(".my/missing", PUBLIC).status_code == 404
    gone = as_alice.delete(".my/missing/f")
    assert (gone.status_code, gone.json()["error"]["deleted"], message_of(gone)) == (404, 0, "path not found")
    assert as_alice.get("alice/.session/x").status_code == 404
    assert as_alice.get(".algo/alice/word/temp").json() == {}
    assert as_alice.get(".algo/alice/word/other").status_code == 404


def test_a_body_that_is_no_object_is_refused(as_alice: Door) -> None:
    for body in (b"{", b"[]", b"", b"[" * 50_000, b"\xff"):
        assert as_alice.ask("POST", ".my", content=body).status_code == 400, body[:9]
    assert as_alice.ask("POST", ".my", content=b'{"name": "' + b"x" * 70_000 + b'"}').status_code == 413


def test_other_methods_are_named(as_alice: Door) -> None:
    answer = as_alice.ask("OPTIONS", ".my")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, PUT, POST, PATCH, DELETE")


def test_a_wrong_key_is_refused(as_nobody: Door) -> None:
    headers = {"Authorization": "Simple wrong"}
    for method in ("GET", "PUT", "POST", "HEAD"):
        answer = as_nobody.ask(method, "alice/c/f", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Simple realm="agora"')
