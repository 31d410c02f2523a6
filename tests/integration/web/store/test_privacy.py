"""What is private is not there for strangers, on any page."""

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.services import withdraw_version
from tests.factories.catalogue import make_version
from tests.integration.web.document import Document

OPEN_PAGES = ["/", "/?q=secret", "/?q=hush", "/?tag=hidden", "/?q=team/", "/?sort=new", "/owners/alice"]
OWN_PAGES = ["", "/input.json", "/versions/0.1.0", "/console-token"]


def ask(client: Client, address: str) -> int:
    method = client.post if address.endswith("console-token") else client.get
    return int(method(address).status_code)


@pytest.mark.parametrize("address", OPEN_PAGES)
def test_lists_do_not_name_it(
    anonymous: Client,
    as_charlie: Client,
    alice: User,
    deblur: object,
    secret: Algorithm,
    draft: Algorithm,
    address: str,
) -> None:
    for client in (anonymous, as_charlie):
        for headers in ({}, {"HX-Request": "true"}):
            text = client.get(address, headers=headers).content.decode()
            assert "/algorithms/team/secret" not in text
            assert "/algorithms/alice/draft" not in text
            assert "Hush" not in text


@pytest.mark.parametrize("page", OWN_PAGES)
def test_strangers_are_told_what_they_are_told_of_nothing(
    anonymous: Client, as_charlie: Client, secret: Algorithm, page: str
) -> None:
    assert ask(as_charlie, f"/algorithms/team/secret{page}") == 404
    if page == "/console-token":
        assert ask(anonymous, f"/algorithms/team/secret{page}") == ask(anonymous, f"/algorithms/no/thing{page}") == 401
    else:
        assert ask(anonymous, f"/algorithms/team/secret{page}") == 404
    hidden, absent = (as_charlie.get(f"/algorithms/team/{name}") for name in ("secret", "absent"))
    assert hidden.context["reason"].replace("secret", "") == absent.context["reason"].replace("absent", "")


def test_an_owner_with_nothing_public_is_not_there(anonymous: Client, as_charlie: Client, secret: Algorithm) -> None:
    for client in (anonymous, as_charlie):
        assert client.get("/owners/team").status_code == 404


def test_members_see_it(as_alice: Client, as_bob: Client, secret: Algorithm) -> None:
    for client in (as_alice, as_bob):
        page = Document(client.get("/algorithms/team/secret"))
        assert "Private" in [badge.text for badge in page.find("span", class_="badge")]
        assert page.find("meta", name="robots")[0].attributes["content"] == "noindex"
        assert page.find("script", type="application/ld+json") == []
        assert "/algorithms/team/secret" in Document(client.get("/owners/team")).links()


def test_without_a_version_it_is_its_owners_only(
    anonymous: Client, as_alice: Client, as_charlie: Client, draft: Algorithm
) -> None:
    assert anonymous.get("/algorithms/alice/draft").status_code == 404
    assert as_charlie.get("/algorithms/alice/draft").status_code == 404
    page = Document(as_alice.get("/algorithms/alice/draft"))
    assert "Nothing to call yet" in [heading.text for heading in page.find("h2")]
    assert page.find("section", id="try") == []


def test_what_was_withdrawn_can_be_read_about_but_not_called(anonymous: Client, as_alice: Client, alice: User) -> None:
    version = make_version(by=alice)
    withdraw_version(version=version, by=alice)
    address = f"/algorithms/{version.algorithm.full_name}"
    page = Document(anonymous.get(address))
    assert "Withdrawn" in [heading.text for heading in page.find("h2")]
    assert page.find("section", id="try") == []
    assert "Nothing to call yet" in [heading.text for heading in Document(as_alice.get(address)).find("h2")]
    assert anonymous.get(f"{address}/input.json").status_code == 404
