"""The page of an owner, the publish guide and the API reference."""

from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.organizations.models import Organization
from marketplace.web.store.views import CARDS_PER_PAGE
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.web.document import Document
from tests.integration.web.store.conftest import listed


def test_an_owner_with_what_it_published(anonymous: Client, alice: User, deblur: Version, draft: Algorithm) -> None:
    record_calls(make_version(make_algorithm("palette", by=alice)), 2)
    response = anonymous.get("/owners/Alice")
    assert listed(response) == ["palette", "deblur"]
    page = Document(response)
    assert [heading.text for heading in page.find("h1")] == ["alice"]
    assert "2 algorithms" in page.find("header", class_="owner-head")[0].text


def test_members_see_all_that_can_be_called(as_bob: Client, alice: User, secret: Algorithm) -> None:
    make_version(make_algorithm("open", by=alice, owner="team"))
    response = as_bob.get("/owners/team")
    assert sorted(listed(response)) == ["open", "secret"]
    assert "Organization" in Document(response).find("header", class_="owner-head")[0].text


def test_one_with_nothing_is_shown_how(as_alice: Client, anonymous: Client, team: Organization) -> None:
    page = Document(as_alice.get("/owners/team"))
    assert "Nothing published yet" in [heading.text for heading in page.find("h2")]
    assert "/publish" in page.links()
    assert anonymous.get("/owners/team").status_code == 404
    assert anonymous.get("/owners/nobody").status_code == 404


def test_an_owner_has_pages(anonymous: Client, alice: User) -> None:
    for _ in range(CARDS_PER_PAGE + 1):
        make_version(by=alice)
    [following] = Document(anonymous.get("/owners/alice")).find("a", rel="next")
    assert len(listed(anonymous.get(f"/owners/alice{following.attributes['href']}"))) == 1


def test_the_guide_has_commands_for_this_platform(anonymous: Client) -> None:
    page = Document(anonymous.get("/publish"))
    commands = [element.text for element in page.find("code") if "id" in element.attributes]
    assert "agora login --address http://127.0.0.1:8000" in commands
    assert "agora init greeting --language python" in commands
    assert "/v1/docs" in page.links()


def test_the_api_reference_needs_no_script_in_the_page(anonymous: Client) -> None:
    page = Document(anonymous.get("/v1/docs"))
    assert all(script.attributes["src"].startswith("/") for script in page.find("script"))
    assert page.find("style") == []
    assert page.find("nav", aria_label="Main")
    [script] = [found for found in page.find("script") if found.attributes["src"].startswith("/v1/docs")]
    answer = anonymous.get(script.attributes["src"])
    assert answer.headers["Content-Type"].startswith("application/javascript")
    assert "/v1/schema" in answer.content.decode()
