"""The change of the key that signs artifacts."""

import base64
from typing import Any

import pytest

from execution.signatures import find_signer, public_key_of
from marketplace.accounts.models import User
from marketplace.algorithms.models import ArtifactSignature
from marketplace.algorithms.publication import collect_algorithm_entries
from marketplace.algorithms.signing import public_keys, sign_anew, sign_artifact
from tests.factories.catalogue import make_algorithm, make_build, make_version

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
FOREIGN = "ff" * 32


@pytest.mark.django_db
def test_what_an_old_key_signed_is_signed_anew_and_a_stranger_s_is_not(settings: Any) -> None:
    settings.SIGNING_KEYS = [OLD]
    for number in range(3):
        sign_artifact(f"{number:064}")
    ArtifactSignature.objects.create(artifact=FOREIGN, signature="AAAA")
    settings.SIGNING_KEYS = [NEW, OLD]
    sign_artifact("3" * 64)
    assert sign_anew() == (3, 1)
    assert sign_anew() == (0, 1)
    good = {row.artifact for row in ArtifactSignature.objects.all() if signed_by(row, NEW)}
    assert good == {f"{number:064}" for number in range(3)} | {"3" * 64}
    assert ArtifactSignature.objects.get(pk=FOREIGN).signature == "AAAA"


def test_gateways_are_told_the_signatures_of_versions_and_builds(alice: User) -> None:
    algorithm = make_algorithm(by=alice)
    version, build = make_version(algorithm), make_build(algorithm)
    for digest in (version.artifact, build.artifact):
        sign_artifact(digest)
    (entry,) = collect_algorithm_entries()
    for told in (*entry.versions, *entry.builds):
        assert find_signer(told.artifact, told.signature, public_keys()) == public_keys()[0]


def test_without_a_setting_the_platform_has_a_key_of_its_own(settings: Any) -> None:
    settings.SIGNING_KEYS = []
    (key,) = public_keys()
    settings.SECRET_KEY = "another one"
    assert public_keys() != (key,)


def signed_by(row: ArtifactSignature, key: str) -> bool:
    return find_signer(row.artifact, row.signature, (public_key_of(key),)) is not None
