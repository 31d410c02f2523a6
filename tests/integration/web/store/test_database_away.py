"""While PostgreSQL is away, pages and the API say so, as something that passes."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.factories.people import make_api_key, make_user
from tests.integration.web.document import Document

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    made = Client(raise_request_exception=False)
    made.force_login(make_user("alice"))
    return made


@pytest.fixture
def key() -> str:
    return make_api_key().text


@pytest.fixture
def database_away(client: Client, key: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """New connections are refused, and there is no old one."""
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("address", ["/", "/console", "/console/alice/balance", "/nowhere"])
def test_a_page_says_so(client: Client, address: str) -> None:
    response: Any = client.get(address)
    assert response.status_code == 503
    assert [title.text for title in Document(response).find("h1")] == ["A part of the platform did not answer"]


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_api_says_so(client: Client, key: str, method: str) -> None:
    address = "/v1/calls" if method == "GET" else "/v1/algo/agora/hello?output=void"
    response = client.generic(method, address, b"1", "application/json", headers={"Authorization": f"Simple {key}"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
