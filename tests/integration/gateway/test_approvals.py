"""The approved list at the gateway: for a key's calls, and for those that an algorithm makes in its name."""

import pytest

from marketplace.directory import publisher
from marketplace.directory.entries import ApprovalsEntry
from marketplace.gateway.calls import Gateway
from marketplace.gateway.errors import Forbidden, UnknownAlgorithm
from tests.integration.gateway.test_admission import (  # noqa: F401 - fixtures
    ANN,
    ANNS_KEY,
    BEN,
    BENS_KEY_ID,
    admit,
    client,
    gateway,
    publish,
    refuses,
    soon,
    token,
    version_of,
)


def approve(organization_id: str, algorithms: dict[str, str]) -> None:
    publisher.publish_approvals({organization_id: ApprovalsEntry("ben", algorithms)})


async def test_what_is_not_on_the_list_is_refused_with_who_decides(gateway: Gateway) -> None:  # noqa: F811
    algorithm_id = admit(gateway).target.algorithm.algorithm_id
    approve(BEN, {})
    await soon(lambda: refuses(gateway, Forbidden))
    with pytest.raises(Forbidden, match=r"ann/echo is not approved in ben.*owners and admins of ben approve"):
        admit(gateway)
    approve(BEN, {algorithm_id: ""})
    await soon(lambda: not refuses(gateway, Forbidden))
    approve(BEN, {})
    await soon(lambda: refuses(gateway, Forbidden))
    publisher.publish_approvals({BEN: None})
    await soon(lambda: not refuses(gateway, Forbidden))


async def test_calls_from_inside_and_rights_without_a_key_are_bound_too(gateway: Gateway) -> None:  # noqa: F811
    inside = token(root_id="root", parent_id="parent", depth=1, key_id=BENS_KEY_ID)
    admit(gateway, key=inside)
    approve(BEN, {})
    await soon(lambda: refuses(gateway, Forbidden, key=inside))
    assert refuses(gateway, Forbidden, key=token()), "as of somebody who tries it on its page"


async def test_newer_versions_than_the_approved_are_refused(gateway: Gateway) -> None:  # noqa: F811
    publish("grown", version_of("1.9.0"), version_of("1.10.0"))
    await soon(lambda: not refuses(gateway, UnknownAlgorithm, "/ann/grown"))
    approve(BEN, {admit(gateway, "/ann/grown").target.algorithm.algorithm_id: "1.9.0"})
    await soon(lambda: refuses(gateway, Forbidden, "/ann/grown/1.10.0"))
    with pytest.raises(Forbidden, match=r"up to 1\.9\.0, and this is 1\.10\.0"):
        admit(gateway, "/ann/grown/1.10")
    assert admit(gateway, "/ann/grown/1.9").target.version.number == "1.9.0"


@pytest.mark.parametrize("address", ["/ann/grown", "/ann/grown/1", "/ann/grown/latest"])
async def test_who_names_no_version_gets_the_newest_that_is_approved(gateway: Gateway, address: str) -> None:  # noqa: F811
    publish("grown", version_of("1.8.0"), version_of("1.9.0"), version_of("1.10.0"), version_of("2.0.0"))
    await soon(lambda: not refuses(gateway, UnknownAlgorithm, address))
    algorithm_id = admit(gateway, address).target.algorithm.algorithm_id
    approve(BEN, {algorithm_id: "1.9.7"})
    await soon(lambda: admit(gateway, address).target.version.number == "1.9.0")
    publish("grown", version_of("1.8.0"), version_of("1.9.5"), version_of("2.0.0"), algorithm_id=algorithm_id)
    await soon(lambda: admit(gateway, address).target.version.number == "1.9.5")
    approve(BEN, {})
    await soon(lambda: refuses(gateway, Forbidden, address))


async def test_its_own_are_not_asked_about(gateway: Gateway) -> None:  # noqa: F811
    approve(ANN, {})
    approve(BEN, {})
    await soon(lambda: refuses(gateway, Forbidden))
    assert admit(gateway, key=ANNS_KEY).owned
