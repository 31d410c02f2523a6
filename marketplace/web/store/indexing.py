"""What search engines are told: which pages there are, and which they may read."""

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.db.models import F, Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.selectors import published_algorithms

CLOSED = ("/console", "/accounts/", "/admin/", "/billing", "/monitor", "/v1/", "/design")
ADDRESSES_PER_FILE = 5_000
"""Of the 50,000 that the protocol allows: a file is made in a fraction of a second."""


class AlgorithmSitemap(Sitemap):
    """The page of every public algorithm that can be called."""

    limit = ADDRESSES_PER_FILE

    def items(self) -> QuerySet[Algorithm]:
        return published_algorithms(viewer=None).only("name", "updated_at", "organization__slug").order_by("pk")

    def location(self, item: Algorithm) -> str:
        return reverse("store:algorithm", args=[item.organization.slug, item.name])

    def lastmod(self, item: Algorithm) -> object:
        return item.updated_at


class OwnerSitemap(Sitemap):
    """The page of everybody who published something."""

    limit = ADDRESSES_PER_FILE

    def items(self) -> QuerySet[Algorithm, dict[str, object]]:
        public = published_algorithms(viewer=None).order_by()
        return public.values(slug=F("organization__slug")).annotate(changed=Max("updated_at")).order_by("slug")

    def location(self, item: dict[str, object]) -> str:
        return reverse("store:owner", args=[item["slug"]])

    def lastmod(self, item: dict[str, object]) -> object:
        return item["changed"]


class PageSitemap(Sitemap):
    """The pages that are there without anybody's doing."""

    def items(self) -> list[str]:
        return ["store:home", "store:publish", "store:environments"]

    def location(self, item: str) -> str:
        return reverse(item)


SITEMAPS = {"algorithms": AlgorithmSitemap, "owners": OwnerSitemap, "pages": PageSitemap}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """What crawlers may read: the store."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in CLOSED),
        f"Sitemap: {settings.AGORA_ADDRESS}/sitemap.xml",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
