"""What search finds, and in which order."""

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.search import ENOUGH, search_algorithms
from marketplace.algorithms.services import update_algorithm, withdraw_version
from marketplace.organizations.models import Organization
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import scope_of


def publish(name: str, by: User, **texts: object) -> Algorithm:
    return make_version(make_algorithm(name, by=by, **texts)).algorithm  # type: ignore[arg-type]


def names(**asked: object) -> list[str]:
    return [algorithm.name for algorithm in search_algorithms(**asked)]  # type: ignore[arg-type]


@pytest.fixture
def store(alice: User) -> User:
    """Four algorithms that have the word fruit in four places."""
    publish("readme_only", alice, readme="# About\n\nIt knows a fruit.")
    publish("summary_only", alice, summary="Sorts fruit by size.")
    publish("tagged", alice, tags=["fruit"])
    publish("fruit_namer", alice, summary="Says what it sees.", environment="javascript", tags=["image"])
    return alice


def test_a_name_counts_most_then_tags_summary_and_readme(store: User) -> None:
    assert names(query="fruit") == ["fruit_namer", "tagged", "summary_only", "readme_only"]


@pytest.mark.parametrize("query", ["fruits", "FRUIT", "fruit namer", "fruit_namer", "alice/fruit_namer", "friut namer"])
def test_words_are_found_in_any_form(store: User, query: str) -> None:
    assert names(query=query)[0] == "fruit_namer"


@pytest.mark.parametrize("query", ["friut_namer", "fruit_nam", "frut namer", "fruitt namr"])
def test_misspelt_and_unfinished_words_are_found(store: User, query: str) -> None:
    assert "fruit_namer" in names(query=query)


@pytest.mark.parametrize("query", ["zebra", "-", "!!!", "'", '"', "a & | b", "fruit -fruit", "%", "\\", "(", ":*"])
def test_odd_words_find_nothing_and_break_nothing(store: User, query: str) -> None:
    assert names(query=query) == []


def test_quoted_and_excluded_words_are_taken_as_they_stand(store: User) -> None:
    assert sorted(names(query="fruit -sees")) == ["readme_only", "summary_only", "tagged"]
    assert names(query='"what it sees"') == ["fruit_namer"]
    assert names(query='"frut"') == []


def test_an_owner_is_found_by_name_and_by_path(store: User) -> None:
    assert len(names(query="alice")) == len(names(query="Alice/")) == 4
    assert names(query="alice/fru") == ["fruit_namer"]
    assert len(names(owner="ALICE")) == 4
    assert names(owner="nobody") == []


def test_filters_narrow_what_words_find(store: User) -> None:
    assert names(query="fruit", tag="image") == ["fruit_namer"]
    assert names(query="fruit", environment="javascript") == ["fruit_namer"]
    assert names(query="fruit", environments=["javascript", "cobol"]) == ["fruit_namer"]
    assert names(tag="nothing") == []


def test_without_words_the_newest_change_comes_first(store: User) -> None:
    assert names() == ["fruit_namer", "tagged", "summary_only", "readme_only"]
    update_algorithm(algorithm=Algorithm.objects.get(name="tagged"), by=store, summary="New.")
    assert names()[0] == "tagged"


def test_changed_words_are_found_at_once(store: User) -> None:
    update_algorithm(algorithm=Algorithm.objects.get(name="tagged"), by=store, tags=["vegetable"])
    assert names(query="vegetable") == ["tagged"]
    assert "tagged" not in names(query="fruit")


def test_similar_words_are_left_out_when_there_are_enough_of_the_very_words(alice: User) -> None:
    publish("fruiz", alice)
    for number in range(ENOUGH):
        publish(f"sorter{number}", alice, summary="Sorts fruit.")
    assert "fruiz" in names(query="fruit")
    publish("one_more", alice, summary="Sorts fruit.")
    assert "fruiz" not in names(query="fruit")


@pytest.mark.parametrize("query", ["erase backdrop", "delete background from photos", "cut backgr"])
def test_words_that_mean_the_same_and_most_of_the_words_are_enough(store: User, query: str) -> None:
    publish("cutter", store, summary="Removes the background of an image, and cuts out what is before it.")
    assert names(query=query)[0] == "cutter"


def test_the_very_name_comes_first(store: User) -> None:
    publish("fruit", store)
    publish("fruit_fruit", store, summary="Fruit of fruit.", tags=["fruit"])
    assert names(query="fruit")[0] == names(query="alice/fruit")[0] == "fruit"


def test_what_is_hidden_is_not_found_and_does_not_count(alice: User, bob: User) -> None:
    publish("fruit_secret", alice, public=False)
    make_algorithm("fruit_unpublished", by=alice)
    gone = make_version(make_algorithm("fruit_gone", by=alice))
    withdraw_version(version=gone, by=alice)
    for viewer in (None, bob):
        assert names(query="fruit", viewer=viewer) == []
    assert names(query="fruit", viewer=alice) == names(query="fruit", viewer=scope_of(alice)) == ["fruit_secret"]


def test_a_member_finds_what_the_team_keeps_private(alice: User, bob: User, team: Organization) -> None:
    publish("fruit_plan", alice, owner="team", public=False)
    assert names(query="fruit", viewer=bob) == ["fruit_plan"]
    assert names(query="fruit", viewer=scope_of(bob)) == [], "a personal key does not act for the team"


def test_a_page_and_its_size_cost_one_query_each(store: User, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    found = search_algorithms(query="fruit")
    with django_assert_num_queries(2):
        assert found.count() == len(list(found[:24])) == 4
