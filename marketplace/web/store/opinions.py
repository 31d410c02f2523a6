"""Stars, reviews and reports on the page of an algorithm."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Standing
from marketplace.algorithms.selectors import get_visible_algorithm
from marketplace.algorithms.standings import list_standings
from marketplace.errors import Conflict, InvalidInput
from marketplace.organizations.permissions import can_answer_reviews
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.reviews.models import BEST_RATING, LONGEST_TEXT, Reason, Review
from marketplace.reviews.selectors import can_review, find_own_review, get_review, has_starred, list_reviews
from marketplace.reviews.services import answer_review, remove_review, report_algorithm, set_star, write_review
from marketplace.sign_on.policy import check_let_in
from marketplace.web.console.page import signed_in_page
from marketplace.web.sessions import list_signed_on

Deed = Callable[..., None]
View = Callable[..., HttpResponse]
REVIEWS_PER_PAGE = 10
RATINGS = [(points, f"{points} of {BEST_RATING}") for points in range(BEST_RATING, 0, -1)]


class ReviewForm(forms.Form):
    """A review."""

    rating = forms.TypedChoiceField(label="Rating", coerce=int, choices=RATINGS)
    text = forms.CharField(label="What should others know?", max_length=LONGEST_TEXT, widget=forms.Textarea)


class ReportForm(forms.Form):
    """A report."""

    reason = forms.ChoiceField(label="What is wrong", choices=Reason)
    text = forms.CharField(label="What happened", max_length=LONGEST_TEXT, widget=forms.Textarea)


@dataclass(frozen=True)
class Opinions:
    """What the page shows of them; `form` is there for those who may write, `own` is what they wrote."""

    standing: Standing
    reviews: Page[Review]
    starred: bool = False
    can_answer: bool = False
    own: Review | None = None
    form: ReviewForm | None = None


def make_opinions(
    algorithm: Algorithm, *, user: User | None, owner: AccessibleOrganization | None, number: str
) -> Opinions:
    """For a viewer, whose scope in the owning organization `owner` is; `number` is the page of reviews."""
    standing = list_standings(algorithms=[algorithm])[algorithm.id]
    reviews = Paginator(list_reviews(algorithm=algorithm), REVIEWS_PER_PAGE).get_page(number)
    if user is None:
        return Opinions(standing, reviews)
    own = find_own_review(algorithm=algorithm, user=user)
    given = {"rating": own.rating, "text": own.text} if own else None
    return Opinions(
        standing,
        reviews,
        starred=has_starred(algorithm=algorithm, user=user),
        can_answer=owner is not None and can_answer_reviews(owner),
        own=own,
        form=ReviewForm(initial=given) if own or can_review(algorithm=algorithm, user=user) else None,
    )


@require_POST
@signed_in_page
def star(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    """Gives a star or takes it back; answers with the button when htmx asks."""
    algorithm, user = _find(request, owner, name)
    starred = request.POST.get("starred") == "yes"
    stars = set_star(algorithm=algorithm, user=user, starred=starred)
    if request.headers.get("HX-Request"):
        return render(request, "store/star.html", {"algorithm": algorithm, "starred": starred, "stars": stars})
    return redirect("store:algorithm", algorithm.organization.slug, algorithm.name)


def about_reviews(deed: Deed) -> View:
    """What somebody does about the reviews of an algorithm; then they stand before them again."""

    @require_POST
    @signed_in_page
    @wraps(deed)
    def done(request: HttpRequest, owner: str, name: str, **parts: UUID) -> HttpResponse:
        algorithm, user = _find(request, owner, name)
        deed(request, algorithm, user, **parts)
        return redirect(reverse("store:algorithm", args=[algorithm.organization.slug, algorithm.name]) + "#reviews")

    return done


@about_reviews
def review(request: HttpRequest, algorithm: Algorithm, user: User) -> None:
    """Writes one's review, or changes it."""
    form = ReviewForm(request.POST)
    if form.is_valid():
        write_review(algorithm=algorithm, author=user, **form.cleaned_data)
        messages.success(request, "Your review stands below.")
    else:
        messages.error(request, "Choose 1 to 5 points, and write a few words.")


@about_reviews
def remove(request: HttpRequest, algorithm: Algorithm, user: User, *, review_id: UUID) -> None:
    """Takes a review back."""
    remove_review(review=get_review(algorithm=algorithm, review_id=review_id), by=user)
    messages.success(request, "The review is removed.")


@about_reviews
def answer(request: HttpRequest, algorithm: Algorithm, user: User, *, review_id: UUID) -> None:
    """Answers a review for the owner."""
    scope = get_accessible_organization(user=user, slug=algorithm.organization.slug)
    check_let_in(scope, signed_on=list_signed_on(request))
    found = get_review(algorithm=algorithm, review_id=review_id)
    try:
        answer_review(scope=scope, review=found, text=request.POST.get("answer", ""))
    except InvalidInput as error:
        messages.error(request, error.message)


@require_http_methods(["GET", "POST"])
@signed_in_page
def report(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    """Asks what is wrong, and tells those who run the platform."""
    algorithm, user = _find(request, owner, name)
    form = ReportForm(request.POST or None)
    if form.is_valid():
        try:
            report_algorithm(algorithm=algorithm, reporter=user, **form.cleaned_data)
            messages.success(request, "Thank you: those who run this platform will look at it.")
        except Conflict as error:
            messages.info(request, error.message)
        return redirect("store:algorithm", algorithm.organization.slug, algorithm.name)
    return render(request, "store/report.html", {"algorithm": algorithm, "form": form})


def _find(request: HttpRequest, owner: str, name: str) -> tuple[Algorithm, User]:
    assert isinstance(request.user, User)
    return get_visible_algorithm(viewer=request.user, owner=owner, name=name), request.user
