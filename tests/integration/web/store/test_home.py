"""The first page."""

from django.test import Client


def test_home_opens(client: Client, db: None) -> None:
    assert client.get("/").status_code == 200
