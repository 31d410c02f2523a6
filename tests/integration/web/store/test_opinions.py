"""Stars, reviews, answers, reports and the estimate, as visitors use them in the page."""

import pytest
from django.db import connection
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Standing, Version
from marketplace.reviews.models import Report, Review
from marketplace.web.store.activity import list_users
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import scope_of
from tests.integration.web.document import Document

ADDRESS = "/algorithms/alice/deblur"
REVIEW = {"rating": "4", "text": "Sharp <b>edges</b>."}
POSTS = {"/star": {"starred": "yes"}, "/reviews": REVIEW, "/report": {"reason": "other", "text": "Odd."}}


@pytest.fixture
def called(deblur: Version, bob: User) -> Version:
    """alice/deblur, which bob called."""
    record_calls(deblur, payer_id=scope_of(bob).organization.id)
    return deblur


def test_a_star_by_htmx_and_by_form(as_bob: Client, deblur: Version) -> None:
    button = Document(as_bob.post(f"{ADDRESS}/star", {"starred": "yes"}, headers={"HX-Request": "true"}))
    assert button.find("button")[0].attributes["aria-pressed"] == "true"
    assert as_bob.post(f"{ADDRESS}/star", {"starred": "no"}).headers["Location"] == ADDRESS
    assert Standing.objects.get().stars == 0


def test_who_called_it_reviews_it_and_its_owner_answers(
    as_alice: Client, as_bob: Client, as_charlie: Client, called: Version
) -> None:
    assert "form" in Document(as_bob.get(ADDRESS)).find("select", name="rating")[0].inside
    assert Document(as_charlie.get(ADDRESS)).find("select", name="rating") == []
    assert as_bob.post(f"{ADDRESS}/reviews", REVIEW).headers["Location"] == f"{ADDRESS}#reviews"
    review = Review.objects.get()
    assert as_charlie.post(f"{ADDRESS}/reviews/{review.pk}/answer", {"answer": "No."}).status_code == 404
    as_alice.post(f"{ADDRESS}/reviews/{review.pk}/answer", {"answer": "Thank you."})
    page = Document(Client().get(ADDRESS))
    text = page.find("section", id="reviews")[0].text
    assert "Sharp <b>edges</b>." in text
    assert "Thank you." in text
    assert [span.attributes["aria-label"] for span in page.find("span", class_="rating")] == ["4.0 of 5", "4 of 5"]


def test_strangers_cannot_review_or_remove(as_bob: Client, as_charlie: Client, called: Version) -> None:
    assert as_charlie.post(f"{ADDRESS}/reviews", REVIEW).status_code == 403
    as_bob.post(f"{ADDRESS}/reviews", REVIEW)
    remove = f"{ADDRESS}/reviews/{Review.objects.get().pk}/remove"
    assert as_charlie.post(remove).status_code == 403
    assert as_bob.post(remove).status_code == 302
    assert as_bob.post(remove).status_code == 404


@pytest.mark.parametrize("form", [{}, {"rating": "9", "text": "x"}, {"rating": "4", "text": " "}])
def test_a_review_that_lacks_something_says_so(as_bob: Client, called: Version, form: dict[str, str]) -> None:
    page = Document(as_bob.post(f"{ADDRESS}/reviews", form, follow=True))
    assert "Choose 1 to 5 points" in page.find("div", class_="messages")[0].text


def test_a_report_goes_to_the_operators(as_bob: Client, deblur: Version) -> None:
    assert Document(as_bob.get(f"{ADDRESS}/report")).find("select", name="reason")
    for said in ("Thank you", "already"):
        page = Document(as_bob.post(f"{ADDRESS}/report", POSTS["/report"], follow=True))
        assert said in page.find("div", class_="messages")[0].text
    assert Report.objects.get().reporter.username == "bob"


@pytest.mark.parametrize("path", POSTS)
def test_what_is_private_is_not_there_and_visitors_sign_in(
    anonymous: Client, as_charlie: Client, secret: Algorithm, deblur: Version, path: str
) -> None:
    assert as_charlie.post(f"/algorithms/team/secret{path}", POSTS[path]).status_code == 404
    assert anonymous.post(f"{ADDRESS}{path}", POSTS[path]).headers["Location"].startswith("/accounts/login/")


ESTIMATES = [("calls=1000&ms=500", ("2,000", "500", "2,500")), ("calls=x&ms=-1", ("20,000", "1,000", "21,000"))]


@pytest.mark.parametrize(("asked", "values"), ESTIMATES)
def test_the_estimate(anonymous: Client, deblur: Version, asked: str, values: tuple[str, ...]) -> None:
    page = Document(anonymous.get(f"{ADDRESS}?{asked}"))
    [result] = page.find("dl", id="estimate-result")
    assert tuple(cell.text for cell in page.find("dd", class_="money") if result in page.around(cell)) == values


def test_public_algorithms_that_call_it_are_named(bob: User, deblur: Version) -> None:
    shown = make_version(make_algorithm("photo_lab", by=bob))
    hidden = make_version(make_algorithm("hidden", by=bob, public=False))
    for caller in (shown, hidden):
        [parent] = record_calls(caller)
        [child] = record_calls(deblur)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE metering_call_record SET parent_id = %s WHERE call_id = %s", [parent, child])
    assert list_users(deblur.algorithm) == ["bob/photo_lab"]
