"""The page of one algorithm."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.algorithms.models import Version
from marketplace.algorithms.services import withdraw_version
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.web.document import Document, Element

ADDRESS = "/algorithms/alice/deblur"


def facts_of(page: Document) -> dict[str, str]:
    [aside] = page.find("aside")
    inside = [element for element in page.elements if aside in page.around(element)]
    names = [element.text for element in inside if element.tag == "dt"]
    values = [element.text for element in inside if element.tag == "dd"]
    return dict(zip(names, values, strict=True))


def rows_of(page: Document) -> list[list[str]]:
    """The table of versions."""
    [table] = page.find("table", class_="table")
    rows = [row for row in page.find("tr") if table in page.around(row)]
    return [[cell.text.strip() for cell in cells_of(page, row)] for row in rows[1:]]


def cells_of(page: Document, row: Element) -> list[Element]:
    return [element for element in page.elements if element.within is row]


def test_everything_about_it(anonymous: Client, deblur: Version) -> None:
    page = Document(anonymous.get(ADDRESS))
    assert [heading.text for heading in page.find("h1")] == ["alice/deblur"]
    assert page.find("title")[0].text == "alice/deblur · Agora"
    assert page.find("meta", name="description")[0].attributes["content"] == "Sharpens a photograph."
    assert "/?tag=photo" in page.links()
    assert [strong.text for strong in page.find("strong") if "prose" in classes_around(page, strong)] == ["magic"]
    assert page.find("textarea")[0].text == '{\n  "image": "picture"\n}'
    assert [row[0].split() + row[2:3] for row in rows_of(page)] == [
        ["0.2.0", "latest", "Sharper."],
        ["0.1.0", "The first."],
    ]


def classes_around(page: Document, element: Element) -> str:
    return " ".join(around.attributes.get("class", "") for around in page.around(element))


def test_search_engines_are_told(anonymous: Client, deblur: Version) -> None:
    page = Document(anonymous.get("/algorithms/ALICE/Deblur"))
    [data] = page.find("script", type="application/ld+json")
    assert json.loads(data.text)["softwareVersion"] == "0.2.0"
    assert page.find("link", rel="canonical")[0].attributes["href"] == f"{settings.AGORA_ADDRESS}{ADDRESS}"
    assert page.find("meta", property="og:title")[0].attributes["content"] == "alice/deblur"


def test_figures_are_those_of_its_calls(anonymous: Client, deblur: Version) -> None:
    record_calls(deblur, 3, run_us=500_000)
    record_calls(deblur, 1, run_us=500_000, outcome="algorithm_error")
    record_calls(deblur, 2, run_us=500_000, at=timezone.now() - timedelta(days=3))
    page = Document(anonymous.get(ADDRESS))
    facts = facts_of(page)
    assert facts["Median time"] == "500 ms"
    assert facts["Answered"] == "83.3%"
    assert facts["Version"] == "0.2.0"
    titles = [title.text for title in page.find("title") if "svg" in title.inside]
    assert len(titles) == 30
    assert [title.partition(": ")[2] for title in (titles[-1], titles[-4], titles[0])] == [
        "4 calls, 1 failed",
        "2 calls",
        "0 calls",
    ]
    [price] = page.find("div", class_="price-tag")
    assert "2.5 credits" in price.text
    assert "2 credits per call for the author" in price.text


def test_before_the_first_call_figures_are_open(anonymous: Client, deblur: Version) -> None:
    facts = facts_of(Document(anonymous.get(ADDRESS)))
    assert (facts["Median time"], facts["99 of 100 within"], facts["Answered"]) == ("–", "–", "–")  # noqa: RUF001


def test_visitors_are_asked_to_sign_in_and_come_back(anonymous: Client, deblur: Version) -> None:
    record_calls(deblur, 1, run_us=500_000)
    page = Document(anonymous.get(ADDRESS))
    assert page.find("button", data_run="") == []
    back = f"?next={ADDRESS}"
    assert {f"/accounts/login/{back}", f"/accounts/signup/{back}"} <= set(page.links())
    [invitation] = page.find("div", class_="invite")
    assert "10,000 credits: about 4,000 calls" in invitation.text


def test_who_is_signed_in_can_run_it(as_charlie: Client, deblur: Version) -> None:
    page = Document(as_charlie.get(ADDRESS))
    assert page.find("button", data_run="")
    [console] = page.find("section", id="try")
    assert console.attributes["data-target"] == "/v1/algo/alice/deblur"
    assert console.attributes["data-token"] == f"{ADDRESS}/console-token"
    assert console.attributes["data-balance"] == str(settings.FREE_CREDITS * 1_000_000)
    assert [(option.attributes["value"], option.text) for option in page.find("option")] == [
        ("", "0.2.0 (latest)"),
        ("0.1.0", "0.1.0"),
    ]


def test_withdrawn_versions_are_not_offered(anonymous: Client, alice: User, deblur: Version) -> None:
    withdraw_version(version=deblur, by=alice)
    page = Document(anonymous.get(ADDRESS))
    assert facts_of(page)["Version"] == "0.1.0"
    assert [row[0].split()[0] for row in rows_of(page)] == ["0.1.0"]


def test_the_sample_is_a_file(anonymous: Client, deblur: Version) -> None:
    response = anonymous.get(f"{ADDRESS}/input.json")
    assert response.json() == {"image": "picture"}
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="input.json"'
    assert anonymous.get("/algorithms/alice/nothing/input.json").status_code == 404


def test_without_a_sample_there_is_one_all_the_same(anonymous: Client, alice: User) -> None:
    version = make_version(make_algorithm("plain", by=alice))
    assert anonymous.get(f"/algorithms/{version.algorithm.full_name}/input.json").json() is None
    page = Document(anonymous.get("/algorithms/alice/plain"))
    assert page.find("textarea")[0].text == ""
    assert "hello" in page.find("code", id="code-curl")[0].text


@pytest.mark.parametrize(
    "texts",
    [
        {"summary": "</title><script>alert(1)</script>", "readme": "</div><script>alert(1)</script>"},
        {"summary": '" onload="alert(1)', "tags": ["<b>", '"x"']},
        {"summary": "", "readme": "", "tags": []},
        {"summary": "🍎 ü עברית", "readme": "# \u202eabc", "tags": ["ü"]},
    ],
)
def test_texts_of_authors_stay_texts(anonymous: Client, alice: User, texts: Any) -> None:
    make_version(
        make_algorithm("odd", by=alice, **texts), sample_input=json.dumps("</textarea><script>alert(1)</script>")
    )
    for address in ("/algorithms/alice/odd", "/", "/owners/alice"):
        page = Document(anonymous.get(address))
        assert all("src" in script.attributes for script in page.find("script") if "type" not in script.attributes or
                   script.attributes["type"] == "module")  # fmt: skip
        assert not [element for element in page.elements if any(name.startswith("on") for name in element.attributes)]


@pytest.mark.parametrize(
    "sample", ["[" * 700 + "]" * 700, "[" + "1," * 9_000 + "1]", '"' + "a" * 19_000 + '"', "1.10", '"\\u0000"']
)
def test_odd_samples_are_shown_as_they_are(as_alice: Client, alice: User, sample: str) -> None:
    make_version(make_algorithm("odd", by=alice), sample_input=sample)
    response = as_alice.get("/algorithms/alice/odd")
    assert response.status_code == 200
    assert len(response.content) < 200_000
    shown = Document(response).find("textarea")[0].text
    assert shown == sample or json.loads(shown) == json.loads(sample)


@pytest.mark.parametrize(
    "address", ["/algorithms/alice/none", "/algorithms/nobody/none", "/algorithms/alice/1x", "/algorithms/alice"]
)
def test_what_is_not_there(anonymous: Client, deblur: Version, address: str) -> None:
    assert anonymous.get(address).status_code == 404


def test_declared_schemas_are_tables_and_a_form(anonymous: Client, deblur: Version) -> None:
    assert not Document(anonymous.get(ADDRESS)).find("form", id="console-form")
    members = {"image": {"type": "string"}, "<b>": {"type": "integer", "maximum": 9, "description": "How <much>."}}
    make_version(
        deblur.algorithm,
        input_schema={"type": "object", "required": ["image"], "properties": members},
        output_schema={"type": "array", "items": {"type": "object", "properties": {"at": {"type": "number"}}}},
        sample_input='{"image": "x"}',
    )
    cache.clear()
    page = Document(anonymous.get(ADDRESS))
    tables = [[cell.text.split() for cell in cells_of(page, row)[:2]] for row in page.find("tr")]
    assert [["image", "required"], ["text"]] in tables
    assert [["<b>"], ["whole", "number"]] in tables
    assert [["[].at"], ["number"]] in tables
    [field] = page.find("input", type="number")
    assert (field.attributes["data-name"], field.attributes["max"]) == ("<b>", "9")
    assert page.find("textarea", id="console-input")[0].text == '{\n  "image": "x"\n}'
    assert "#api" in page.links()
    shown = anonymous.get("/v1/algorithms/alice/deblur").json()["version_info"]
    assert shown["output_schema"]["type"] == "array"
