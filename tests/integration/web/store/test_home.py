"""The first page: what it lists, how it is narrowed, and what htmx gets of it."""

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.invocations.standings import refresh_standings
from marketplace.invocations.store_figures import TAGS_SHOWN, refresh_store_figures
from marketplace.web.store.views import CARDS_PER_PAGE
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.web.document import Document
from tests.integration.web.store.conftest import listed


@pytest.fixture
def catalogue(alice: User, bob: User) -> dict[str, Version]:
    """Four algorithms of two owners, changed in this order."""
    texts: list[tuple[str, User, str, list[str], str]] = [
        ("deblur", alice, "Sharpens a photograph.", ["image", "photo"], "python3"),
        ("palette", alice, "The colours of a picture.", ["image"], "javascript"),
        ("summarize", bob, "What a text says, in short.", ["text"], "python3"),
        ("translate", bob, "German to English.", ["text"], "javascript"),
    ]
    return {
        name: make_version(make_algorithm(name, by=by, summary=summary, tags=tags, environment=environment))
        for name, by, summary, tags, environment in texts
    }


def htmx(client: Client, address: str, **headers: str) -> Document:
    return Document(client.get(address, headers={"HX-Request": "true", **headers}))


def test_an_empty_store_invites_to_publish(anonymous: Client) -> None:
    page = Document(anonymous.get("/"))
    assert "The square is open, and still empty" in [heading.text for heading in page.find("h2")]
    assert "/publish" in page.links()


def test_the_catalogue_is_listed(anonymous: Client, catalogue: dict[str, Version]) -> None:
    response = anonymous.get("/")
    page = Document(response)
    assert sorted(listed(response)) == sorted(catalogue)
    assert "/algorithms/alice/deblur" in page.links()
    assert "/owners/alice" in page.links()
    assert "4 algorithms" in [heading.text for heading in page.find("h2")]
    assert page.find("meta", name="robots") == []


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("q=photograph", ["deblur", "palette"]),
        ("q=PHOTOGRAPHS", ["deblur", "palette"]),
        ("q=sumarize", ["summarize"]),
        ("q=trans", ["translate"]),
        ("q=bob/", ["summarize", "translate"]),
        ("q=zebra", []),
        ("tag=text", ["summarize", "translate"]),
        ("tag=TEXT", ["summarize", "translate"]),
        ("tag=nothing", []),
        ("language=javascript", ["palette", "translate"]),
        ("tag=image&language=python", ["deblur"]),
        ("category=language", ["summarize", "translate"]),
        ("category=vision&owner=ALICE", ["deblur", "palette"]),
        ("category=nothing&price=x&input=y", ["deblur", "palette", "summarize", "translate"]),
        ("owner=bob", ["summarize", "translate"]),
        ("q=text&tag=image", []),
        ("compute=cpu&tag=image", ["deblur", "palette"]),
        ("compute=gpu", []),
        ("featured=yes", []),
        ("q=%00&tag=%00&language=%00&sort=%00&page=%00", ["deblur", "palette", "summarize", "translate"]),
    ],
)
def test_it_can_be_narrowed(anonymous: Client, catalogue: dict[str, Version], asked: str, names: list[str]) -> None:
    response = anonymous.get(f"/?{asked}")
    assert sorted(listed(response)) == names
    if not names:
        assert "Nothing fits" in [heading.text for heading in Document(response).find("h2")]


def test_it_can_be_put_in_order(anonymous: Client, catalogue: dict[str, Version]) -> None:
    record_calls(catalogue["summarize"], 3)
    record_calls(catalogue["palette"], 2)
    assert listed(anonymous.get("/")) == ["summarize", "palette", "translate", "deblur"]
    assert listed(anonymous.get("/?sort=new")) == ["translate", "summarize", "palette", "deblur"]
    assert listed(anonymous.get("/?sort=name")) == ["deblur", "palette", "summarize", "translate"]
    assert listed(anonymous.get("/?q=text picture&sort=popular")) == listed(anonymous.get("/?q=text picture")) == []
    assert listed(anonymous.get("/?tag=image&sort=popular")) == ["palette", "deblur"]


def test_cards_say_how_much_something_is_used_and_costs(anonymous: Client, catalogue: dict[str, Version]) -> None:
    record_calls(catalogue["deblur"], 1_200, run_us=250_000)
    [card] = Document(anonymous.get("/?q=deblur")).find("article")
    for text in ("1.2k", "250 ms", "0.25 / call", "Python", "Sharpens a photograph."):
        assert text in card.text


def test_pages_follow_each_other_and_keep_what_was_asked(anonymous: Client, alice: User) -> None:
    for number in range(CARDS_PER_PAGE + 1):
        make_version(make_algorithm(f"tool{number}", by=alice, tags=["tool"]))
    first = anonymous.get("/?tag=tool&sort=name")
    assert len(listed(first)) == CARDS_PER_PAGE
    [following] = Document(first).find("a", rel="next")
    assert following.attributes["href"] == "?tag=tool&sort=name&page=2"
    second = anonymous.get(f"/{following.attributes['href']}")
    assert listed(second) == ["tool9"]
    [back] = Document(second).find("a", rel="prev")
    assert back.attributes["href"] == "?tag=tool&sort=name"


@pytest.mark.parametrize("page", ["0", "-1", "2", "99999999999", "x", "1.5", "\u0661"])
def test_a_page_that_does_not_exist_is_the_nearest_one(
    anonymous: Client, catalogue: dict[str, Version], page: str
) -> None:
    assert len(listed(anonymous.get("/", {"page": page}))) == len(catalogue)


def test_htmx_gets_the_part_that_changes(anonymous: Client, catalogue: dict[str, Version]) -> None:
    page = htmx(anonymous, "/?tag=text")
    assert page.find("html") == page.find("header", class_="site-header") == page.find("h1") == []
    assert len(page.find("article")) == 2
    [announced] = page.find("p", id="result-status")
    assert (announced.text, announced.attributes["hx-swap-oob"]) == ("2 algorithms", "innerHTML")


def test_caches_keep_the_part_and_the_whole_apart(anonymous: Client) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        assert "HX-Request" in anonymous.get("/", headers=headers).headers["Vary"]


def test_a_choice_is_a_place_to_come_back_to_and_a_letter_is_not(anonymous: Client) -> None:
    chosen = anonymous.get("/?q=&tag=text&language=&sort=", headers={"HX-Request": "true"})
    assert chosen.headers["HX-Push-Url"] == "/?tag=text"
    assert "HX-Replace-Url" not in chosen.headers
    typed = anonymous.get("/?q=te&tag=", headers={"HX-Request": "true", "HX-Trigger-Name": "q"})
    assert typed.headers["HX-Replace-Url"] == "/?q=te"
    assert "HX-Push-Url" not in typed.headers
    assert not {"HX-Push-Url", "HX-Replace-Url"} & set(anonymous.get("/?tag=text").headers)


def test_tags_are_offered_with_how_many_carry_them(anonymous: Client, catalogue: dict[str, Version]) -> None:
    page = Document(anonymous.get("/?tag=image"))
    chips = [chip for chip in page.find("a", class_="chip") if chip.attributes["id"].startswith("tag-")]
    assert [" ".join(chip.text.split()) for chip in chips] == ["All", "image 2", "text 2", "photo 1"]
    [current] = Document(anonymous.get("/?tag=image")).find("a", aria_current="true")
    assert current.text.split() == ["image", "2"]


def test_a_chosen_tag_is_shown_when_it_is_a_rare_one(anonymous: Client, alice: User) -> None:
    for number in range(TAGS_SHOWN + 1):
        make_version(make_algorithm(by=alice, tags=[f"tag{number:02}"]))
    [current] = Document(anonymous.get("/?tag=tag14")).find("a", aria_current="true")
    assert current.text == "tag14"


def test_what_was_asked_stands_in_the_form(anonymous: Client, catalogue: dict[str, Version]) -> None:
    page = Document(anonymous.get('/?q="><b>&tag=text&language=python&sort=name'))
    [field] = page.find("input", type="search")
    assert field.attributes["value"] == '"><b>'
    assert page.find("input", name="tag")[0].attributes["value"] == "text"
    assert [option.attributes["value"] for option in page.find("option") if "selected" in option.attributes] == [
        "python",
        "name",
    ]
    assert page.find("b") == []
    assert page.find("meta", name="robots")[0].attributes["content"] == "noindex, follow"


def test_head_is_answered(anonymous: Client) -> None:
    assert anonymous.head("/").status_code == 200
    assert anonymous.post("/").status_code == 405


def test_counts_leave_out_what_is_hidden(anonymous: Client, secret: Algorithm, draft: Algorithm) -> None:
    response = anonymous.get("/")
    assert response.context["figures"].algorithms == 0
    assert response.context["tags"] == []


def test_price_and_input_are_those_that_the_clock_counted(anonymous: Client, alice: User) -> None:
    free, dear = (
        make_version(make_algorithm(name, by=alice), sample_input=sample, royalty_per_call=royalty)
        for name, sample, royalty in (("cheap", '"text"', 0), ("dear", "1", 20_000_000))
    )
    for version in (free, dear):
        record_calls(version, 20, run_us=1_000)
    refresh_standings(now=timezone.now())
    refresh_store_figures()
    for asked, names in {"price=1": ["cheap"], "price=100": ["cheap", "dear"], "input=number": ["dear"]}.items():
        assert sorted(listed(anonymous.get(f"/?{asked}"))) == names, asked
    shelves = Document(anonymous.get("/")).find("section", class_="shelf")
    assert [shelf.attributes["aria-label"] for shelf in shelves] == ["Trending"]
    assert listed(anonymous.get("/?sort=rising")) == ["cheap", "dear"]
