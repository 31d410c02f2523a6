"""Reads of stars and reviews."""

from uuid import UUID

from django.db.models import QuerySet

from billing import api as billing
from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.errors import NotFound
from marketplace.organizations.models import Organization
from marketplace.reviews.models import Review, Star


def list_reviews(*, algorithm: Algorithm) -> QuerySet[Review]:
    """The latest first."""
    return Review.objects.filter(algorithm=algorithm).select_related("author").order_by("-written_at", "pk")


def get_review(*, algorithm: Algorithm, review_id: UUID) -> Review:
    """A review of the algorithm. Raises NotFound."""
    reviews = Review.objects.filter(pk=review_id, algorithm=algorithm)
    review = reviews.select_related("algorithm__organization", "author").first()
    if review is None:
        raise NotFound("There is no such review.")
    return review


def find_own_review(*, algorithm: Algorithm, user: User) -> Review | None:
    """What the user wrote of the algorithm."""
    return Review.objects.filter(algorithm=algorithm, author=user).first()


def has_starred(*, algorithm: Algorithm, user: User) -> bool:
    """Whether the user's star is on it."""
    return Star.objects.filter(algorithm=algorithm, user=user).exists()


def can_review(*, algorithm: Algorithm, user: User) -> bool:
    """Whether one of the user's organizations called it, and none owns it."""
    own = set(Organization.objects.filter(memberships__user=user).values_list("pk", flat=True))
    if algorithm.organization_id in own:
        return False
    return billing.has_called(payer_ids=own, author_id=algorithm.organization_id, algorithm=algorithm.full_name)
