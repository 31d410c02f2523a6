"""What search engines are told, and what they are not."""

from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.test import Client

from marketplace.algorithms.models import Algorithm, Version
from marketplace.web.store import indexing
from tests.factories.catalogue import make_algorithm, make_version

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def paths(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "application/xml"
    found = ElementTree.fromstring(answer.content).iter(f"{SPACE}loc")
    return [(place.text or "").partition("testserver")[2] for place in found]


def test_public_pages_are_listed_and_no_others(
    anonymous: Client, deblur: Version, secret: Algorithm, draft: Algorithm
) -> None:
    files = paths(anonymous, "/sitemap.xml")
    assert files == ["/sitemap-algorithms.xml", "/sitemap-owners.xml", "/sitemap-pages.xml"]
    listed = [path for file in files for path in paths(anonymous, file)]
    assert listed == ["/algorithms/alice/deblur", "/owners/alice", "/", "/publish", "/environments"]
    assert all(anonymous.get(path).status_code == 200 for path in listed)
    assert anonymous.get("/sitemap-secret.xml").status_code == 404


def test_a_large_catalogue_has_several_files(
    anonymous: Client, deblur: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_version(make_algorithm("second", by=deblur.published_by))
    monkeypatch.setattr(indexing.AlgorithmSitemap, "limit", 1)
    assert paths(anonymous, "/sitemap.xml")[:2] == ["/sitemap-algorithms.xml", "/sitemap-algorithms.xml?p=2"]
    both = paths(anonymous, "/sitemap-algorithms.xml") + paths(anonymous, "/sitemap-algorithms.xml?p=2")
    assert sorted(both) == ["/algorithms/alice/deblur", "/algorithms/alice/second"]


def test_robots_keep_out_of_what_is_not_the_store(anonymous: Client) -> None:
    lines = anonymous.get("/robots.txt").content.decode().splitlines()
    assert "Disallow: /console" in lines
    assert lines[-1] == f"Sitemap: {settings.AGORA_ADDRESS}/sitemap.xml"
