"""Writes of stars, reviews and reports. Each is atomic, and keeps the algorithm's standing in step."""

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.accounts.permissions import check_is_operator
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.standings import write_opinions
from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput, PermissionDenied
from marketplace.organizations.permissions import check_can_answer_reviews
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.reviews.models import (
    BEST_RATING,
    LONGEST_TEXT,
    REPORT_TRANSITIONS,
    Reason,
    Report,
    ReportState,
    Review,
    Star,
)
from marketplace.reviews.selectors import can_review
from marketplace.texts import check_storable


@transaction.atomic
def set_star(*, algorithm: Algorithm, user: User, starred: bool) -> int:
    """Gives the algorithm the user's star, or takes it back; how many it has then. Safe to repeat."""
    lock_algorithm(algorithm.id)
    if starred:
        Star.objects.get_or_create(algorithm=algorithm, user=user, defaults={"created_at": timezone.now()})
    else:
        Star.objects.filter(algorithm=algorithm, user=user).delete()
    return _sum_up(algorithm)


@transaction.atomic
def write_review(*, algorithm: Algorithm, author: User, rating: int, text: str) -> Review:
    """The author's one review of the algorithm; a second one takes the first one's place, and its answer goes.

    Raises PermissionDenied when none of the author's organizations called it, or it is their own; InvalidInput.
    """
    if not can_review(algorithm=algorithm, user=author):
        raise PermissionDenied("Reviews are written by those who called the algorithm, and not by its owners.")
    if rating not in range(1, BEST_RATING + 1):
        raise InvalidInput("rating", f"Give 1 to {BEST_RATING} points.")
    values = {"rating": rating, "text": _check_text("text", text), "written_at": timezone.now()}
    lock_algorithm(algorithm.id)
    review, _ = Review.objects.update_or_create(
        algorithm=algorithm, author=author, defaults=values | {"answer": "", "answered_at": None}
    )
    _sum_up(algorithm)
    _record(author, "review.write", review, {"rating": rating})
    return review


@transaction.atomic
def remove_review(*, review: Review, by: User) -> None:
    """Takes a review back. Raises PermissionDenied unless it is one's own, or one runs the platform."""
    if review.author_id != by.pk and not by.is_superuser:
        raise PermissionDenied("This review is somebody else's.")
    lock_algorithm(review.algorithm_id)
    _record(by, "review.remove", review, {})
    review.delete()
    _sum_up(review.algorithm)


@transaction.atomic
def answer_review(*, scope: AccessibleOrganization, review: Review, text: str) -> None:
    """What the algorithm's owner says to a review; no text takes the answer back. Raises PermissionDenied."""
    if review.algorithm.organization_id != scope.organization.id:
        raise PermissionDenied("Only the owner of an algorithm answers its reviews.")
    check_can_answer_reviews(scope)
    text = _check_text("answer", text) if text.strip() else ""
    Review.objects.filter(pk=review.pk).update(answer=text, answered_at=timezone.now() if text else None)
    _record(scope.user, "review.answer", review, {})


@transaction.atomic
def report_algorithm(*, algorithm: Algorithm, reporter: User, reason: str, text: str) -> Report:
    """Tells those who run the platform. Raises InvalidInput; Conflict while the reporter's last one is not settled."""
    if reason not in Reason.values:
        raise InvalidInput("reason", "Choose one of the reasons.")
    text = _check_text("text", text)
    lock_algorithm(algorithm.id)
    if Report.objects.filter(algorithm=algorithm, reporter=reporter, settled_at=None).exists():
        raise Conflict("You reported this algorithm already, and it will be looked at.")
    report = Report.objects.create(
        algorithm=algorithm, reporter=reporter, reason=reason, text=text, made_at=timezone.now()
    )
    # No organization: the owner reads its own audit log, and must not learn who complained.
    record(actor=reporter, organization_id=None, action="report.make", subject_label=str(report), subject_id=report.pk)
    return report


@transaction.atomic
def move_report(*, report: Report, state: str, by: User, note: str | None = None) -> None:
    """What those who run the platform do about it; `note` is for them alone, and None leaves it. Safe to repeat.

    Raises PermissionDenied; Conflict when it cannot go there from where it stands.
    """
    check_is_operator(by)
    current = Report.objects.select_for_update().get(pk=report.pk)
    if note is not None and note.strip():
        current.note = _check_text("note", note)
    if current.state != state and state not in REPORT_TRANSITIONS[ReportState(current.state)]:
        raise Conflict(f"A report that is {current.get_state_display().lower()} cannot become that.")
    moved, current.state = current.state != state, state
    if state == ReportState.SETTLED and current.settled_at is None:
        current.settled_at = timezone.now()
    current.save(update_fields=["state", "note", "settled_at"])
    if moved or note is not None:
        record(
            actor=by,
            organization_id=None,
            action=f"report.{state}",
            subject_label=str(report),
            subject_id=report.pk,
            details={"note": current.note},
        )


def _check_text(field: str, text: str) -> str:
    text = text.strip()
    if not text:
        raise InvalidInput(field, "Write a few words.")
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(field, f"At most {LONGEST_TEXT:,} characters.")
    check_storable(field, text)
    return text


def _sum_up(algorithm: Algorithm) -> int:
    stars = Star.objects.filter(algorithm=algorithm).count()
    rated = Review.objects.filter(algorithm=algorithm).aggregate(reviews=Count("pk"), points=Sum("rating"))
    write_opinions(algorithm=algorithm, stars=stars, reviews=rated["reviews"], points=rated["points"] or 0)
    return stars


def _record(actor: User, action: str, review: Review, details: dict[str, object]) -> None:
    record(
        actor=actor,
        organization_id=review.algorithm.organization_id,
        action=action,
        subject_label=review.algorithm.full_name,
        subject_id=review.pk,
        details=details,
    )
