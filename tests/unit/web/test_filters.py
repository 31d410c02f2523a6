"""What an address of the store asks for, whatever stands in it."""

import pytest

from execution.environments import load_environments
from marketplace.algorithms.search import LONGEST_QUERY_CHARACTERS
from marketplace.web.store.filters import LONGEST_TAG_CHARACTERS, Filters, language_names, read_filters


def test_nothing_asked() -> None:
    filters = read_filters({})
    assert filters == Filters()
    assert (filters.sort, filters.narrow, filters.address) == ("popular", False, "/")
    assert filters.environments is None


def test_everything_asked() -> None:
    asked = {"q": " deblur a photo ", "tag": "Image", "language": "python", "sort": "new", "page": "3"}
    filters = read_filters(asked)
    assert (filters.query, filters.tag, filters.language, filters.sort) == ("deblur a photo", "image", "python", "new")
    assert filters.environments == ["python3"]
    assert filters.address == "/?q=deblur+a+photo&tag=image&language=python&sort=new"


@pytest.mark.parametrize("parameter", ["language", "sort"])
@pytest.mark.parametrize("value", ["", "cobol", "POPULAR", "' OR 1=1", "\x00", "\ud800"])
def test_what_is_unknown_counts_as_not_said(parameter: str, value: str) -> None:
    assert read_filters({parameter: value}) == Filters()


@pytest.mark.parametrize(
    ("query", "chosen", "sort", "address"),
    [
        ("", "", "popular", "/"),
        ("", "popular", "popular", "/"),
        ("", "relevant", "popular", "/"),
        ("", "name", "name", "/?sort=name"),
        ("cat", "", "relevant", "/?q=cat"),
        ("cat", "relevant", "relevant", "/?q=cat"),
        ("cat", "popular", "popular", "/?q=cat&sort=popular"),
    ],
)
def test_words_are_listed_by_match_unless_another_order_is_chosen(
    query: str, chosen: str, sort: str, address: str
) -> None:
    filters = read_filters({"q": query, "sort": chosen})
    assert (filters.sort, filters.address) == (sort, address)
    assert ("relevant" in dict(filters.sorts)) == bool(query)
    assert filters.sort in dict(filters.sorts)


def test_what_cannot_be_looked_for_is_taken_out() -> None:
    filters = read_filters({"q": "a\x00b", "tag": "\x00", "page": "\x001"})
    assert (filters.query, filters.tag, filters.page) == ("ab", "", "1")


def test_long_texts_are_cut() -> None:
    filters = read_filters({"q": "a" * 10_000, "tag": "b" * 10_000})
    assert (len(filters.query), len(filters.tag)) == (LONGEST_QUERY_CHARACTERS, LONGEST_TAG_CHARACTERS)


@pytest.mark.parametrize("query", ["a&sort=name", "a#b", "ä 🍎", "a+b", "%00", "//example.com", "a\r\nSet-Cookie: b"])
def test_an_address_asks_for_the_same(query: str) -> None:
    address = Filters(query=query, tag="x&y", chosen_sort="name").address
    assert address.startswith("/?q=")
    assert address.isascii()
    assert not set("\r\n #") & set(address)


def test_every_language_has_a_name() -> None:
    assert {"python": "Python", "javascript": "JavaScript"}.items() <= language_names().items()


def test_hardware_narrows_the_environments() -> None:
    on_gpus = read_filters({"compute": "gpu"}).environments
    on_cpus = read_filters({"compute": "cpu", "language": "python"}).environments
    assert on_gpus == [found.id for found in load_environments() if found.manifest.gpu_class]
    assert on_cpus is not None
    assert "python3" in on_cpus
    assert read_filters({"compute": "abacus", "featured": "no"}) == Filters()
    assert read_filters({"featured": "yes"}).address == "/?featured=yes"
