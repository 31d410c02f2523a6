"""Pages of the store. Each asks selectors for what its visitor may see, and renders it."""

from itertools import chain
from uuid import UUID

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from marketplace.accounts.models import User
from marketplace.algorithms.categories import CATEGORIES
from marketplace.algorithms.featuring import list_featured
from marketplace.algorithms.models import Algorithm, InputKind
from marketplace.algorithms.search import search_algorithms
from marketplace.algorithms.selectors import (
    get_version,
    get_visible_algorithm,
    get_visible_owner,
    published_algorithms,
)
from marketplace.errors import NotFound
from marketplace.invocations.selectors import order_by_calls
from marketplace.invocations.store_figures import StoreFigures, get_store_figures
from marketplace.organizations.selectors import list_accessible_organizations
from marketplace.sign_on.policy import NotLetIn, check_let_in
from marketplace.web.sessions import list_signed_on
from marketplace.web.store.algorithm_page import get_balance, list_payers, make_algorithm_page
from marketplace.web.store.cards import make_cards
from marketplace.web.store.console_tokens import choose_payer, make_console_token
from marketplace.web.store.filters import COMPUTE, PRICES, Filters, has_gpus, language_names, read_filters
from marketplace.web.store.publish_guide import make_publish_guide
from marketplace.web.store.structured_data import describe_algorithm, describe_store, get_address
from marketplace.web.visitor_pages import for_visitors

CARDS_PER_PAGE = 24
FEWEST_ON_SHELF = 2
FEATURED = "Featured"
FEATURED_SHOWN = 4


@require_safe
@for_visitors
def home(request: HttpRequest) -> HttpResponse:
    """The catalogue; only its changing part when htmx asks."""
    filters = read_filters(request.GET)
    page = _list_page(filters)
    figures = get_store_figures()
    first = not filters.narrow and page.number == 1
    featured = list(list_featured(now=timezone.now())[:FEATURED_SHOWN]) if first else []
    shelves = _list_shelves(figures, [feature.algorithm_id for feature in featured]) if first else {}
    cards = {card.algorithm.id: card for card in make_cards(list({*page.object_list, *chain(*shelves.values())}))}
    context = {
        "filters": filters,
        "page": page,
        "cards": [cards[algorithm.id] for algorithm in page.object_list],
        "shelves": {name: [cards[algorithm.id] for algorithm in shelf] for name, shelf in shelves.items()},
        "reasons": {feature.algorithm_id: feature.why for feature in featured},
        "figures": figures,
    }
    if request.headers.get("HX-Request"):
        response = render(request, "store/results.html", context | _filter_choices(filters, figures))
        # Each letter typed is not a place to come back to; a tag, a language and an order are.
        typed = request.headers.get("HX-Trigger-Name") == "q"
        response["HX-Replace-Url" if typed else "HX-Push-Url"] = filters.address
    else:
        response = render(request, "store/home.html", context | _filter_choices(filters, figures) | _frame())
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@for_visitors
def algorithm(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    """One algorithm: what it does, a console that calls it, code, README, versions, figures."""
    found = get_visible_algorithm(viewer=request.user, owner=owner, name=name)
    page = make_algorithm_page(found, user=_person(request), asked=request.GET)
    payer = next(iter(page.payers), None)
    context = {
        "page": page,
        "algorithm": found,
        "balance": get_balance(payer.organization) if payer else None,
        "free_credits": settings.FREE_CREDITS,
        "canonical": get_address(found),
        "structured_data": describe_algorithm(found, page.latest.version if page.latest else None),
    }
    return render(request, "store/algorithm.html", context)


@require_safe
def sample(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    """The sample input of the newest version, as a file."""
    found = get_visible_algorithm(viewer=request.user, owner=owner, name=name)
    text = get_version(algorithm=found).sample_input or "null"
    return HttpResponse(
        text, content_type="application/json", headers={"Content-Disposition": 'attachment; filename="input.json"'}
    )


@require_POST
def console_token(request: HttpRequest, owner: str, name: str) -> HttpResponse:
    """A short-lived right to call, for the console; `payer` is the organization that shall pay."""
    person = _person(request)
    if person is None:
        return JsonResponse({"error": {"message": "Sign in to run algorithms."}}, status=401)
    found = get_visible_algorithm(viewer=person, owner=owner, name=name)
    payers = list_payers(list_accessible_organizations(user=person), found)
    payer = choose_payer(payers, request.POST.get("payer", ""))
    if payer is None:
        raise NotFound("There is no such organization.")
    try:
        check_let_in(payer, signed_on=list_signed_on(request))
    except NotLetIn as error:
        return JsonResponse({"error": {"message": error.message}}, status=409)
    token = make_console_token(payer)
    return JsonResponse({"token": token.text, "expires": token.expires}, headers={"Cache-Control": "no-store"})


@require_safe
@for_visitors
def owner(request: HttpRequest, owner: str) -> HttpResponse:
    """A person or organization, with those of its algorithms that the visitor may see."""
    organization = get_visible_owner(viewer=request.user, slug=owner)
    algorithms = published_algorithms(viewer=request.user).filter(organization=organization)
    page = Paginator(order_by_calls(algorithms), CARDS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"owner": organization, "page": page, "cards": make_cards(list(page.object_list))}
    return render(request, "store/owner.html", context)


@require_safe
@for_visitors
def publish(request: HttpRequest) -> HttpResponse:
    """How an author publishes."""
    return render(request, "store/publish.html", {"guide": make_publish_guide(settings.AGORA_ADDRESS)})


def _list_page(filters: Filters) -> Page[Algorithm]:
    found = search_algorithms(
        query=filters.query,
        tag=filters.tag,
        any_tag=filters.tags_of_category,
        environments=filters.environments,
        owner=filters.owner,
        highest_price=filters.highest_price,
        input_kind=filters.input,
        only=list_featured(now=timezone.now()).values("algorithm") if filters.featured else None,
    )
    if filters.sort == "popular":
        found = order_by_calls(found)
    elif filters.sort == "rising":
        found = found.order_by(F("standing__rising").desc(nulls_last=True), "name")
    elif filters.sort == "loved":
        found = found.order_by(F("standing__stars").desc(nulls_last=True), "name")
    elif filters.sort == "new":
        found = found.order_by("-updated_at", "name")
    elif filters.sort == "name":
        found = found.order_by("name", "organization__slug")
    return Paginator(found, CARDS_PER_PAGE).get_page(filters.page)


def _filter_choices(filters: Filters, figures: StoreFigures) -> dict[str, object]:
    unlisted = filters.tag if filters.tag not in dict(figures.tags) else ""
    return {
        "tags": figures.tags,
        "unlisted_tag": unlisted,
        "languages": language_names(),
        "categories": CATEGORIES,
        "prices": {price: name for price, (name, _) in PRICES.items()},
        "inputs": InputKind.choices,
        "compute": COMPUTE if has_gpus() or filters.compute else {},
    }


def _list_shelves(figures: StoreFigures, featured: list[UUID]) -> dict[str, list[Algorithm]]:
    """What is featured, what trends and what is loved, in that order; what became private since is left out."""
    found = published_algorithms(viewer=None).in_bulk([*featured, *figures.rising, *figures.loved])
    wanted = {FEATURED: featured, "Trending": figures.rising, "Most loved": figures.loved}
    shelves = {name: [found[pk] for pk in ids if pk in found] for name, ids in wanted.items()}
    return {
        name: shelf for name, shelf in shelves.items() if len(shelf) >= (1 if name == FEATURED else FEWEST_ON_SHELF)
    }


def _frame() -> dict[str, object]:
    return {"structured_data": describe_store(), "hide_header_search": True, "canonical": f"{settings.AGORA_ADDRESS}/"}


def _person(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
