"""/v1/algorithms/:owner/:name/secrets"""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm, AlgorithmSecret
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.secrets import MOST_SECRETS, delete_secret, edit_secret, read_secrets, reseal_all
from marketplace.algorithms.services import delete_algorithm, update_algorithm
from marketplace.audit.models import AuditEvent
from marketplace.errors import NotFound
from marketplace.sealing import CannotUnseal
from tests.factories.catalogue import make_algorithm, make_version
from tests.integration.api.conftest import Caller, message_of

EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
SECRETS = "/v1/algorithms/alice/ocr/secrets"
VALUE = "hunter2 & more\n"
PASSWORD = {"short_name": "The password", "secret_key": "DB_PASSWORD", "secret_value": VALUE, "description": " "}


@pytest.fixture
def ocr(alice: User) -> Algorithm:
    return make_version(make_algorithm("ocr", by=alice)).algorithm


def marker() -> str:
    [entry] = collect_algorithm_entries()
    return entry.secrets


def test_the_python_client_sets_and_reads_secrets(as_alice: Caller, ocr: Algorithm) -> None:
    [provider] = as_alice.get("/v1/secret-provider").json()
    path = f"/v1/algorithms/{ocr.id}/secrets"
    body = {**PASSWORD, "owner_type": "algorithm", "owner_id": str(ocr.id), "provider_id": provider["id"]}
    response = as_alice.post(path, body)
    assert response.status_code == 201
    made = response.json()
    assert (made["short_name"], made["secret_key"], made["owner_id"]) == ("The password", "DB_PASSWORD", str(ocr.id))
    assert as_alice.get(path).json()["results"] == [made]


def test_a_value_is_in_the_slots_and_nowhere_else(as_alice: Caller, ocr: Algorithm) -> None:
    answers = [as_alice.post(SECRETS, PASSWORD), as_alice.get(SECRETS), as_alice.get("/v1/algorithms/alice/ocr")]
    assert read_secrets(marker()) == {"DB_PASSWORD": VALUE}
    assert not any("hunter2" in answer.text for answer in answers)
    assert "hunter2" not in AlgorithmSecret.objects.get().sealed
    assert "hunter2" not in str(list(AuditEvent.objects.values())) + repr(collect_algorithm_entries())
    assert AuditEvent.objects.filter(action="secret.set", subject_label="DB_PASSWORD of alice/ocr").count() == 1


def test_each_change_makes_new_slots(as_alice: Caller, ocr: Algorithm) -> None:
    assert marker() == ""
    made = as_alice.post(SECRETS, PASSWORD).json()
    markers = [marker()]
    replaced = as_alice.post(SECRETS, PASSWORD | {"secret_value": "other"})
    assert (replaced.status_code, replaced.json()["id"]) == (200, made["id"])
    markers.append(marker())
    edited = as_alice.put(f"{SECRETS}/{made['id']}", {"secret_key": "PASSWORD", "short_name": "Theirs"})
    assert (edited.status_code, edited.json()["secret_key"], edited.json()["short_name"]) == (200, "PASSWORD", "Theirs")
    markers.append(marker())
    assert len(set(markers)) == 3
    assert read_secrets(marker()) == {"PASSWORD": "other"}
    assert as_alice.put(f"{SECRETS}/{made['id']}", {"secret_value": "third"}).status_code == 200
    assert read_secrets(marker()) == {"PASSWORD": "third"}
    assert as_alice.delete(f"{SECRETS}/{made['id']}").status_code == 204
    assert marker() == ""
    assert as_alice.delete(f"{SECRETS}/{made['id']}").status_code == 404


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"secret_key": "A-B"}, "Use letters, digits and underscores."),
        ({"secret_key": "1A"}, "Use letters"),
        ({"secret_key": ""}, "secret_key: "),
        ({"secret_key": "LD_PRELOAD"}, "The platform sets LD_PRELOAD itself"),
        ({"secret_key": "ALGORITHMIA_API"}, "The platform sets"),
        ({"secret_value": "x" * 8_193}, "A value has 8192 characters at most"),
        ({"secret_value": "a\0b"}, "ull"),
        ({"secret_value": None}, "secret_value: "),
        ({"short_name": ""}, "short_name: "),
        ({"owner_type": "organization"}, "owner_type: "),
        ({"provider_id": "vault"}, "provider_id: "),
    ],
)
def test_odd_secrets_are_refused(as_alice: Caller, ocr: Algorithm, change: dict[str, Any], message: str) -> None:
    response = as_alice.post(SECRETS, PASSWORD | change)
    assert response.status_code == 400
    assert message in message_of(response)
    assert not AlgorithmSecret.objects.exists()


def test_two_secrets_have_two_variables(as_alice: Caller, ocr: Algorithm) -> None:
    as_alice.post(SECRETS, PASSWORD)
    other = as_alice.post(SECRETS, PASSWORD | {"secret_key": "OTHER"}).json()
    response = as_alice.put(f"{SECRETS}/{other['id']}", {"secret_key": "DB_PASSWORD"})
    assert (response.status_code, "Another secret is called DB_PASSWORD." in message_of(response)) == (400, True)
    for number in range(MOST_SECRETS - 2):
        assert as_alice.post(SECRETS, PASSWORD | {"secret_key": f"V{number}"}).status_code == 201
    response = as_alice.post(SECRETS, PASSWORD | {"secret_key": "ONE_MORE"})
    assert (response.status_code, "may have 50 secrets" in message_of(response)) == (400, True)


def test_strangers_see_no_secrets(as_alice: Caller, as_charlie: Caller, as_nobody: Caller, ocr: Algorithm) -> None:
    made = as_alice.post(SECRETS, PASSWORD).json()
    for caller, status in ((as_charlie, 404), (as_nobody, 401)):
        assert caller.get(SECRETS).status_code == status
        assert caller.post(SECRETS, PASSWORD).status_code == status
        assert caller.put(f"{SECRETS}/{made['id']}", {}).status_code == status
        assert caller.delete(f"{SECRETS}/{made['id']}").status_code == status
    assert as_alice.put(f"{SECRETS}/{uuid.uuid4()}", {}).status_code == 404


def test_the_secret_of_another_algorithm_is_not_there(as_alice: Caller, ocr: Algorithm, alice: User) -> None:
    made = as_alice.post(SECRETS, PASSWORD).json()
    make_algorithm("other", by=alice)
    assert as_alice.delete(f"/v1/algorithms/alice/other/secrets/{made['id']}").status_code == 404


def test_a_new_key_takes_over(as_alice: Caller, ocr: Algorithm, settings: Any) -> None:
    AlgorithmSecret.objects.create(
        algorithm=ocr, variable="A", label="lost", sealed="nothing", created_at=EARLIER, updated_at=EARLIER
    )
    settings.SEALING_KEYS = ["old"]
    as_alice.post(SECRETS, PASSWORD)
    settings.SEALING_KEYS = ["new", "old"]
    assert reseal_all() == 1, "one that no key opens keeps no other waiting"
    AlgorithmSecret.objects.filter(label="lost").delete()
    settings.SEALING_KEYS = ["new"]
    assert read_secrets(marker()) == {"DB_PASSWORD": VALUE}
    settings.SEALING_KEYS = ["third"]
    with pytest.raises(CannotUnseal):
        read_secrets(marker())


def test_a_secret_that_was_deleted_meanwhile_does_not_come_back(as_alice: Caller, ocr: Algorithm, alice: User) -> None:
    as_alice.post(SECRETS, PASSWORD)
    read_before = AlgorithmSecret.objects.get()
    delete_secret(secret=AlgorithmSecret.objects.get(), by=alice)
    with pytest.raises(NotFound):
        edit_secret(secret=read_before, label="Theirs", by=alice)
    assert not AlgorithmSecret.objects.exists()


def test_secrets_go_with_their_algorithm(as_alice: Caller, alice: User) -> None:
    algorithm = make_version(make_algorithm("ocr", by=alice, public=False)).algorithm
    assert as_alice.post(SECRETS, PASSWORD).status_code == 201
    delete_algorithm(algorithm=algorithm, by=alice)
    assert not AlgorithmSecret.objects.exists()
    for too_late in (delete_algorithm, update_algorithm):
        with pytest.raises(NotFound, match="just been deleted"):
            too_late(algorithm=algorithm, by=alice)
