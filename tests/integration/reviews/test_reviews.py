"""Stars, reviews, answers and reports: who may, what they change, and what strangers are told."""

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Standing
from marketplace.audit.models import AuditEvent
from marketplace.errors import Conflict, InvalidInput, PermissionDenied
from marketplace.organizations.models import Organization
from marketplace.reviews.models import Report, Review
from marketplace.reviews.selectors import can_review, find_own_review, has_starred, list_reviews
from marketplace.reviews.services import (
    answer_review,
    move_report,
    remove_review,
    report_algorithm,
    set_star,
    write_review,
)
from tests.factories.calls import record_calls
from tests.factories.catalogue import make_algorithm, make_version
from tests.factories.people import make_user, scope_of


@pytest.fixture
def algorithm(alice: User, bob: User) -> Algorithm:
    """alice/deblur, which bob called."""
    version = make_version(make_algorithm("deblur", by=alice))
    record_calls(version, payer_id=scope_of(bob).organization.id)
    return version.algorithm


def review_by(author: User, algorithm: Algorithm, rating: int = 4, text: str = "Sharp.") -> Review:
    return write_review(algorithm=algorithm, author=author, rating=rating, text=text)


def standing(algorithm: Algorithm) -> Standing:
    return Standing.objects.get(algorithm=algorithm)


def test_a_star_counts_once_and_goes_again(algorithm: Algorithm, bob: User, charlie: User) -> None:
    assert [set_star(algorithm=algorithm, user=user, starred=True) for user in (bob, bob, charlie)] == [1, 1, 2]
    assert has_starred(algorithm=algorithm, user=bob)
    assert [set_star(algorithm=algorithm, user=bob, starred=False) for _ in range(2)] == [1, 1]
    assert standing(algorithm).stars == 1


def test_who_called_it_writes_one_review_and_may_change_it(algorithm: Algorithm, bob: User, alice: User) -> None:
    answer_review(scope=scope_of(alice), review=review_by(bob, algorithm, 2, "Blurry."), text="Mended.")
    review_by(bob, algorithm, 5, "  Sharp now. ")
    [review] = list_reviews(algorithm=algorithm)
    assert (review.rating, review.text, review.answer, review.answered_at) == (5, "Sharp now.", "", None)
    assert (standing(algorithm).reviews, standing(algorithm).rating) == (1, 5.0)


def test_who_never_called_it_or_owns_it_writes_none(algorithm: Algorithm, alice: User, charlie: User) -> None:
    record_calls(algorithm.versions.get(), payer_id=scope_of(alice).organization.id)
    record_calls(algorithm.versions.get(), outcome="algorithm_error", payer_id=scope_of(charlie).organization.id)
    for user in (alice, charlie):
        assert not can_review(algorithm=algorithm, user=user)
        with pytest.raises(PermissionDenied):
            review_by(user, algorithm)


@pytest.mark.parametrize(("rating", "text"), [(0, "Bad."), (6, "Good."), (3, "  "), (3, "x" * 4_001), (3, "\0")])
def test_a_review_that_cannot_be(algorithm: Algorithm, bob: User, rating: int, text: str) -> None:
    with pytest.raises(InvalidInput):
        review_by(bob, algorithm, rating, text)
    assert not Review.objects.exists()


def test_a_team_answers_through_those_who_may(alice: User, bob: User, charlie: User, team: Organization) -> None:
    version = make_version(make_algorithm("plan", by=alice, owner="team"))
    record_calls(version, payer_id=scope_of(charlie).organization.id)
    review = review_by(charlie, version.algorithm)
    answer_review(scope=scope_of(bob, "team"), review=review, text="Thanks.")
    assert list_reviews(algorithm=version.algorithm).get().answer == "Thanks."
    answer_review(scope=scope_of(bob, "team"), review=review, text=" ")
    assert list_reviews(algorithm=version.algorithm).get().answered_at is None
    with pytest.raises(PermissionDenied):
        answer_review(scope=scope_of(charlie), review=review, text="I say.")


def test_a_review_is_taken_back_by_its_author_or_the_platform(algorithm: Algorithm, bob: User, alice: User) -> None:
    review = review_by(bob, algorithm)
    with pytest.raises(PermissionDenied):
        remove_review(review=review, by=alice)
    remove_review(review=review, by=bob)
    assert find_own_review(algorithm=algorithm, user=bob) is None
    assert standing(algorithm).rating is None
    operator = make_user("operator")
    operator.is_superuser = True
    remove_review(review=review_by(bob, algorithm), by=operator)
    assert standing(algorithm).reviews == 0


def test_the_owner_reads_of_reviews_and_never_of_reports(algorithm: Algorithm, bob: User, charlie: User) -> None:
    review_by(bob, algorithm)
    report = report_algorithm(algorithm=algorithm, reporter=charlie, reason="stolen", text="It is mine.")
    operator = make_user("operator")
    operator.is_superuser = True
    with pytest.raises(PermissionDenied):
        move_report(report=report, state="settled", by=charlie)
    for state in ("looked_into", "settled", "settled"):
        move_report(report=report, state=state, by=operator)
    actions = AuditEvent.objects.filter(organization_id=algorithm.organization_id).values_list("action", flat=True)
    assert "review.write" in actions
    assert not any(action.startswith("report") for action in actions)
    assert AuditEvent.objects.filter(action="report.settled").count() == 1


def test_one_report_is_open_at_a_time(algorithm: Algorithm, bob: User) -> None:
    first = report_algorithm(algorithm=algorithm, reporter=bob, reason="other", text="Odd.")
    with pytest.raises(Conflict):
        report_algorithm(algorithm=algorithm, reporter=bob, reason="other", text="Odd.")
    operator = make_user("operator")
    operator.is_superuser = True
    move_report(report=first, state="settled", by=operator, note="It was odd.")
    with pytest.raises(Conflict, match="settled"):
        move_report(report=first, state="open", by=operator)
    report_algorithm(algorithm=algorithm, reporter=bob, reason="other", text="Odd again.")
    with pytest.raises(InvalidInput):
        report_algorithm(algorithm=algorithm, reporter=bob, reason="dull", text="Odd.")
    assert Report.objects.count() == 2
