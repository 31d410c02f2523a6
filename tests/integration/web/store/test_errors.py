"""Pages for what goes wrong: designed like the others, safe, and with a way out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from django.views.decorators.csrf import csrf_protect

from marketplace.accounts.models import User
from marketplace.errors import NotFound, PermissionDenied
from marketplace.web.middleware import POLICY
from tests.integration.web.document import Document


def raising(error: Exception) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


urlpatterns = [
    path("broken", raising(ZeroDivisionError("the secret reason"))),
    path("odd", raising(SuspiciousOperation("the secret reason"))),
    path("forbidden", raising(PermissionDenied("Ask <b>an owner</b>."))),
    path("gone", raising(NotFound("There is no such <b>thing</b>."))),
    path("form", csrf_protect(lambda request: HttpResponse())),
    path("", include("marketplace.urls")),
]

PAGES = [("/no/such/page", 404), ("/gone", 404), ("/forbidden", 403), ("/broken", 500), ("/odd", 400), ("/form", 403)]


@pytest.fixture(params=["anonymous", "signed in"])
def client(request: pytest.FixtureRequest, alice: User) -> Client:
    made = Client(raise_request_exception=False, enforce_csrf_checks=True)
    if request.param == "signed in":
        made.force_login(alice)
    return made


@override_settings(ROOT_URLCONF=__name__)
@pytest.mark.parametrize(("address", "status"), PAGES)
def test_it_is_a_page_like_the_others(client: Client, address: str, status: int) -> None:
    response: Any = client.post(address) if address == "/form" else client.get(address)
    assert response.status_code == status
    assert response.headers["Content-Security-Policy"] == POLICY
    page = Document(response)
    assert len(page.find("h1")) == len(page.find("header", class_="site-header")) == len(page.find("footer")) == 1
    assert page.find("p", class_="error-code")[0].text == str(status)
    assert page.find("meta", name="robots")[0].attributes["content"] == "noindex"
    assert "/" in page.links()
    assert "secret reason" not in response.content.decode()
    assert page.find("b") == []


@override_settings(ROOT_URLCONF=__name__)
def test_what_the_marketplace_says_is_shown(client: Client) -> None:
    assert "Ask <b>an owner</b>." in [lead.text for lead in Document(client.get("/forbidden")).find("p", class_="lead")]


def test_a_host_that_is_not_ours(client: Client) -> None:
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "evil.example" not in response.content.decode()
    assert Document(response).find("h1")


def test_a_platform_without_its_front_end_says_how_to_build_it(
    client: Client, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from marketplace.web import assets

    def missing(*_: object) -> None:
        raise assets.DjangoViteAssetNotFoundError

    assets.main_assets.cache_clear()
    monkeypatch.setattr(assets.DjangoViteAssetLoader, "generate_vite_asset_url", missing)
    response = client.get("/")
    assert (response.status_code, response.headers["Content-Type"]) == (503, "text/plain; charset=utf-8")
    assert "npm run build" in response.content.decode()
