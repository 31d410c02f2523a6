"""/v1/algorithms"""

import pytest

from marketplace.accounts.models import User
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.api.conftest import Caller, message_of

NEW = {
    "name": "ocr",
    "details": {"tagline": "Reads text.", "summary": "# OCR\n", "tags": ["Image", "text"]},
    "settings": {"algorithm_environment": "python3", "algorithm_callability": "private"},
}
NO_SUCH_ALGORITHM = {"error": "No such algorithm"}


def test_it_makes_an_algorithm(as_alice: Caller) -> None:
    response = as_alice.post("/v1/algorithms/alice", NEW)
    assert response.status_code == 201
    made = response.json()
    assert made["details"] == {
        "label": "ocr",
        "tagline": "Reads text.",
        "summary": "# OCR\n",
        "tags": ["image", "text"],
    }
    assert made["settings"]["algorithm_callability"] == "private"
    assert made["version_info"] is None
    assert made["resource_type"] == "algorithm"
    assert as_alice.get("/v1/algorithms/Alice/OCR").json() == made


def test_it_changes_only_what_is_sent(as_alice: Caller) -> None:
    as_alice.post("/v1/algorithms/alice", NEW)
    response = as_alice.put("/v1/algorithms/alice/ocr", {"settings": {"algorithm_callability": "public"}})
    assert response.status_code == 200
    assert response.json()["settings"]["algorithm_callability"] == "public"
    assert response.json()["details"]["tagline"] == "Reads text."


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"name": "1x"}, 400, "name: Use up to 64 letters"),
        ({"name": "a\0b"}, 400, "name: Null characters are not allowed."),
        ({"name": None}, 400, "name: This field may not be null."),
        ({"settings": {}}, 400, "settings.algorithm_environment: This field is required."),
        ({"settings": {"algorithm_environment": "cobol"}}, 400, "There is no environment cobol: choose one of"),
        ({"details": {"tagline": "x" * 201}}, 400, "summary: "),
        ({"details": {"tags": ["x"] * 3 + [f"t{n}" for n in range(10)]}}, 400, "tags: "),
        ({"details": {"tags": "image"}}, 400, "details.tags: "),
        ({"details": "image"}, 400, "details: "),
    ],
)
def test_it_says_what_is_wrong_with_a_new_one(as_alice: Caller, change: dict, status: int, message: str) -> None:
    response = as_alice.post("/v1/algorithms/alice", NEW | change)
    assert response.status_code == status
    assert message in message_of(response)


def test_a_name_is_taken_in_any_case(as_alice: Caller) -> None:
    as_alice.post("/v1/algorithms/alice", NEW)
    response = as_alice.post("/v1/algorithms/alice", NEW | {"name": "OCR"})
    assert (response.status_code, response.json()["error"]["code"]) == (409, "conflict")


def test_strangers_get_404_for_what_is_private(as_charlie: Caller, as_nobody: Caller, alice: User) -> None:
    make_version(make_algorithm("secret", by=alice, public=False))
    for caller in (as_charlie, as_nobody):
        for path in ("", "/versions", "/versions/0.1.0"):
            response = caller.get(f"/v1/algorithms/alice/secret{path}")
            assert (response.status_code, response.json()) == (404, NO_SUCH_ALGORITHM)
    assert as_charlie.get("/v1/algorithms/alice/secret/builds").status_code == 404


def test_strangers_cannot_write(as_charlie: Caller, alice: User) -> None:
    make_version(make_algorithm("shown", by=alice))
    algorithm = "/v1/algorithms/alice/shown"
    assert as_charlie.get(algorithm).status_code == 200
    assert as_charlie.put(algorithm, {}).status_code == 404
    assert as_charlie.post(f"{algorithm}/versions", {}).status_code == 404
    assert as_charlie.upload(f"{algorithm}/builds").status_code == 404
    assert as_charlie.delete(f"{algorithm}/versions/0.1.0").status_code == 404
    assert as_charlie.post("/v1/algorithms/alice", NEW).status_code == 404


def test_a_key_acts_for_its_own_organization_only(as_alice: Caller, as_team: Caller) -> None:
    assert as_alice.post("/v1/algorithms/team", NEW).status_code == 404  # though alice owns the team
    assert as_team.post("/v1/algorithms/team", NEW).status_code == 201


def test_it_needs_a_key_to_write(as_nobody: Caller) -> None:
    response = as_nobody.post("/v1/algorithms/alice", NEW)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "not_authenticated")
    assert response.headers["WWW-Authenticate"] == 'Simple realm="agora"'


def test_search_finds_what_is_public_and_published(as_nobody: Caller, alice: User) -> None:
    make_version(make_algorithm("fruit", by=alice, summary="Names fruit in photographs."))
    make_version(make_algorithm("hidden_fruit", by=alice, public=False))
    make_algorithm("fruit_without_version", by=alice)
    found = as_nobody.get("/v1/algorithms", q="fruit").json()
    assert [line["name"] for line in found["results"]] == ["fruit"]
    assert found["marker"] is None


def test_search_goes_from_page_to_page(as_nobody: Caller, alice: User) -> None:
    for number in range(5):
        make_version(make_algorithm(f"page{number}", by=alice))
    names: list[str] = []
    query: dict[str, str] = {}
    while True:
        page = as_nobody.get("/v1/algorithms", limit=2, **query).json()
        names += [line["name"] for line in page["results"]]
        if page["marker"] is None:
            break
        assert f"marker={page['marker']}" in page["next_link"]
        query = {"marker": page["marker"]}
    assert sorted(names) == [f"page{number}" for number in range(5)]


def test_a_list_costs_the_same_queries_whatever_its_length(
    as_nobody: Caller, alice: User, django_assert_num_queries
) -> None:
    make_version(make_algorithm(by=alice))
    with django_assert_num_queries(1):
        as_nobody.get("/v1/algorithms")
    make_version(make_algorithm(by=alice))
    make_version(make_algorithm(by=alice))
    with django_assert_num_queries(1):
        as_nobody.get("/v1/algorithms")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": "0"}, "limit: The limit must be a number from 1 to 200."),
        ({"limit": "²"}, "limit: "),
        ({"limit": "9" * 5000}, "limit: "),
        ({"limit": "0000000019999999"}, "limit: "),
        ({"marker": "%%%"}, "marker: Send the marker of the page before"),
        ({"marker": "eA"}, "marker: "),
        ({"marker": "é"}, "marker: "),
        ({"tag": "a\0"}, "null character"),
    ],
)
def test_odd_queries_are_refused(as_nobody: Caller, query: dict[str, str], message: str) -> None:
    response = as_nobody.get("/v1/algorithms", **query)
    assert response.status_code == 400
    assert message in message_of(response)


def test_a_null_character_in_the_words_is_no_error(as_nobody: Caller) -> None:
    assert as_nobody.get("/v1/algorithms", q="a\0b").status_code == 200
