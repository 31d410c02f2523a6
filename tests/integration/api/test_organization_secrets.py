"""/v1/organizations/:organization/secrets"""

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, OrganizationSecret
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.secrets import read_secrets, reseal_all
from marketplace.audit.models import AuditEvent
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.api.conftest import Caller, message_of

SHARED, OWN = "/v1/organizations/alice/secrets", "/v1/algorithms/alice/ocr/secrets"
TOKEN = {"short_name": "The token", "secret_key": "TOKEN", "secret_value": "shared value"}


@pytest.fixture
def ocr(alice: User) -> Algorithm:
    return make_version(make_algorithm("ocr", by=alice)).algorithm


def markers() -> dict[str, str]:
    return {entry.name: entry.secrets for entry in collect_algorithm_entries()}


def test_all_algorithms_have_it_and_an_algorithm_s_own_goes_before_it(
    as_alice: Caller, ocr: Algorithm, alice: User
) -> None:
    assert markers() == {"ocr": ""}
    made = as_alice.post(SHARED, TOKEN)
    assert made.status_code == 201
    assert "shared value" not in made.content.decode()
    before = markers()["ocr"]
    assert read_secrets(before) == {"TOKEN": "shared value"}
    assert as_alice.post(SHARED, TOKEN | {"secret_value": "another"}).status_code == 200
    assert markers()["ocr"] not in ("", before)  # slots that know the old one are given back
    own = as_alice.post(OWN, TOKEN | {"secret_value": "own value"}).json()
    assert read_secrets(markers()["ocr"]) == {"TOKEN": "own value"}
    as_alice.delete(f"{OWN}/{own['id']}")
    assert read_secrets(markers()["ocr"]) == {"TOKEN": "another"}
    make_version(make_algorithm("later", by=alice))
    assert read_secrets(markers()["later"]) == {"TOKEN": "another"}
    assert as_alice.delete(f"{SHARED}/{made.json()['id']}").status_code == 204
    assert markers() == {"ocr": "", "later": ""}


def test_they_end_at_the_organization(as_alice: Caller, as_charlie: Caller, ocr: Algorithm, charlie: User) -> None:
    as_alice.post(SHARED, TOKEN)
    make_version(make_algorithm("theirs", by=charlie))
    assert markers()["theirs"] == ""
    assert as_charlie.get(SHARED).status_code == 404


def test_no_value_is_told_or_noted_and_all_are_sealed_anew(as_alice: Caller, ocr: Algorithm) -> None:
    as_alice.post(SHARED, TOKEN)
    listed = as_alice.get(SHARED)
    assert listed.json()["results"][0]["owner_type"] == "organization"
    noted = str(list(AuditEvent.objects.values()))
    assert "TOKEN of alice" in noted
    row = OrganizationSecret.objects.get()
    assert not any("shared value" in text for text in (listed.content.decode(), noted, row.sealed))
    assert reseal_all() == 1
    assert OrganizationSecret.objects.get().sealed != row.sealed
    assert read_secrets(markers()["ocr"]) == {"TOKEN": "shared value"}


def test_a_variable_of_the_platform_is_not_theirs_to_set(as_alice: Caller) -> None:
    refused = as_alice.post(SHARED, TOKEN | {"secret_key": "AGORA_HOME"})
    assert refused.status_code == 400
    assert "AGORA_HOME" in message_of(refused)
