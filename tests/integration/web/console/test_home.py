"""/console: everybody's own pages, also for those who have no organization of their own."""

import re

import pytest
from django.test import Client

from marketplace.accounts.models import User


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("", "/console/charlie"),
        ("keys", "/console/charlie/keys"),
        ("balance", "/console/charlie/balance"),
        ("algorithms", "/console/charlie/algorithms"),
        ("store", "/owners/charlie"),
        ("//elsewhere.example", "/console/charlie"),
    ],
)
def test_it_leads_to_the_own_organization(as_charlie: Client, to: str, path: str) -> None:
    answer = as_charlie.get("/console", {"to": to})
    assert (answer.status_code, answer.url) == (302, path)


def test_an_administrator_without_an_organization_finds_every_link_of_the_menu(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root_of_all", "root@example.com", "a long password"))
    page = client.get("/publish").content.decode()
    links = re.findall(r'href="(/[^"#]*)"', page[page.index('class="menu-items"') : page.index("Sign out")])
    assert "/console?to=keys" in links
    for link in links:
        assert client.get(link, follow=True).status_code == 200, link
