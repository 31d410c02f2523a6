"""The page of one version in the store."""

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, Version
from marketplace.algorithms.services import withdraw_version
from tests.factories.catalogue import make_algorithm, make_version

ADDRESS = "/algorithms/alice/deblur/versions"


def text_of(client: Client, path: str) -> str:
    answer = client.get(f"{ADDRESS}/{path}")
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_it_says_what_is_new_and_what_differs(anonymous: Client, deblur: Version) -> None:
    page = text_of(anonymous, "0.2.0")
    assert "Sharper." in page
    assert "Compared with" in page
    assert deblur.source_hash in page
    assert "The source is its author's own." in page
    assert "It is the first one." in text_of(anonymous, "0.1.0")


def test_an_open_source_is_compared(anonymous: Client, deblur: Version) -> None:
    Algorithm.objects.filter(pk=deblur.algorithm_id).update(source_open=True)
    assert "The source is the same, or is not kept any more." in text_of(anonymous, "0.2.0")


def test_the_owner_reads_the_source_of_what_is_closed(as_alice: Client, deblur: Version) -> None:
    assert "author's own" not in text_of(as_alice, "0.2.0")


@pytest.mark.parametrize("number", ["9.9.9", "latest", "0.1"])
def test_there_is_no_such_version(anonymous: Client, deblur: Version, number: str) -> None:
    assert anonymous.get(f"{ADDRESS}/{number}").status_code == 404


def test_what_strangers_may_not_see_has_no_page(anonymous: Client, as_alice: Client, alice: User) -> None:
    make_version(make_algorithm("hidden", by=alice, public=False))
    assert anonymous.get("/algorithms/alice/hidden/versions/0.1.0").status_code == 404
    assert as_alice.get("/algorithms/alice/hidden/versions/0.1.0").status_code == 200


def test_a_version_that_was_withdrawn_has_no_page(anonymous: Client, deblur: Version, alice: User) -> None:
    withdraw_version(version=deblur, by=alice)
    assert anonymous.get(f"{ADDRESS}/{deblur.number}").status_code == 404
