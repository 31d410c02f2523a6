"""Collections, beside what the door for hosted data has."""

from marketplace.accounts.models import User
from marketplace.datasets.models import Read
from marketplace.datasets.permissions import Actor
from marketplace.datasets.places import Place, find_place
from marketplace.datasets.selectors import find_directory
from marketplace.datasets.services import create_directory
from marketplace.organizations.key_permissions import KeyPermissions
from tests.factories.catalogue import make_algorithm
from tests.factories.people import make_api_key, scope_of
from tests.integration.api.conftest import Caller


def make_collection(user: User, name: str, read: Read | None = None) -> str:
    actor = Actor(scope_of(user).organization, user)
    place = create_directory(actor=actor, parent=Place(actor.organization, ()), name=name, read=read)
    directory = find_directory(place)
    assert directory
    return str(directory.id)


def test_it_lists_the_owners_collections(as_alice: Caller, as_charlie: Caller, alice: User) -> None:
    private, public = make_collection(alice, "b", Read.PRIVATE), make_collection(alice, "a", Read.PUBLIC)
    mine = {"read_w": False, "read_g": False, "read_u": True, "read_a": False}
    assert as_alice.get("/v1/hostedData").json() == {
        "result": [
            {
                "id": public,
                "object_id": public,
                "collection_name": "a",
                "username": "alice",
                "acl": {"read_w": True, "read_g": True, "read_u": True, "read_a": True},
                "location": "data://alice/a",
            },
            {
                "id": private,
                "object_id": private,
                "collection_name": "b",
                "username": "alice",
                "acl": mine,
                "location": "data://alice/b",
            },
        ]
    }
    assert as_charlie.get("/v1/hostedData").json() == {"result": []}


def test_a_key_without_data_sees_no_collections(alice: User, as_nobody: Caller) -> None:
    key = make_api_key(by=alice, permissions=KeyPermissions(allow_data=False)).text
    assert Caller(key).get("/v1/hostedData").status_code == 403
    assert as_nobody.get("/v1/hostedData").status_code == 401


def test_a_collection_becomes_an_algorithms_default(
    as_alice: Caller, as_charlie: Caller, alice: User, charlie: User
) -> None:
    collection, foreign = make_collection(alice, "models"), make_collection(charlie, "models")
    algorithm = make_algorithm(by=alice, name="Words")
    path = f"/v1/algorithms/{algorithm.id}/collections"
    answer = as_alice.post(f"{path}/{collection}")
    assert (answer.status_code, answer.json()) == (200, {"result": "data://alice/models"})
    assert as_alice.post(f"/v1/algorithms/alice/words/collections/{collection}").status_code == 200
    assert as_alice.post(f"{path}/{foreign}").status_code == 404
    assert as_charlie.post(f"{path}/{foreign}").status_code == 404
    inside = Actor(scope_of(charlie).organization, charlie, algorithm="alice/Words", root_id="1")
    assert find_place(inside, (".algo", "default", "f")).uri == "data://alice/models/f"
