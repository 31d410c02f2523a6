"""The public store."""

from django.contrib.sitemaps import views as sitemaps
from django.urls import path

from marketplace.web import converters  # noqa: F401 - registers `word`
from marketplace.web.store import design, environments, indexing, opinions, version_page, views
from marketplace.web.store.indexing import SITEMAPS

app_name = "store"

ALGORITHM = "algorithms/<word:owner>/<word:name>"
INDEX = {"sitemaps": SITEMAPS, "sitemap_url_name": "store:sitemap"}

urlpatterns = [
    path("", views.home, name="home"),
    path("design", design.design, name="design"),
    path("robots.txt", indexing.robots, name="robots"),
    path("sitemap.xml", sitemaps.index, INDEX, name="sitemap-index"),
    path("sitemap-<slug:section>.xml", sitemaps.sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("publish", views.publish, name="publish"),
    path("environments", environments.environments, name="environments"),
    path("owners/<word:owner>", views.owner, name="owner"),
    path(ALGORITHM, views.algorithm, name="algorithm"),
    path(f"{ALGORITHM}/versions/<str:number>", version_page.version, name="version"),
    path(f"{ALGORITHM}/console-token", views.console_token, name="console-token"),
    path(f"{ALGORITHM}/star", opinions.star, name="star"),
    path(f"{ALGORITHM}/report", opinions.report, name="report"),
    path(f"{ALGORITHM}/reviews", opinions.review, name="review"),
    path(f"{ALGORITHM}/reviews/<uuid:review_id>/remove", opinions.remove, name="remove-review"),
    path(f"{ALGORITHM}/reviews/<uuid:review_id>/answer", opinions.answer, name="answer-review"),
    path(f"{ALGORITHM}/input.json", views.sample, name="sample"),
]
