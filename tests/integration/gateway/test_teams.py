"""Private algorithms that are limited to teams, at the gateway: keys, people, and calls from inside."""

from marketplace.directory import publisher
from marketplace.directory.entries import AlgorithmEntry, KeyEntry, LimitsEntry, TeamEntry
from marketplace.directory.keys import hash_key
from marketplace.gateway.calls import Gateway
from marketplace.gateway.errors import UnknownAlgorithm
from tests.integration.gateway.test_admission import (  # noqa: F401 - fixtures
    ANN,
    ANNS_KEY,
    client,
    gateway,
    refuses,
    soon,
    token,
    version_of,
)

LIMITED = "/ann/limited"


def limit(*teams: str) -> None:
    entry = AlgorithmEntry("limited", "ann", "limited", ANN, public=False, versions=(version_of("1.0.0"),), teams=teams)
    publisher.publish_algorithms({"ann/limited": entry})


def gather(**members: tuple[int, ...]) -> None:
    teams = tuple(TeamEntry(team_id, users) for team_id, users in members.items())
    publisher.publish_limits({ANN: LimitsEntry(teams=teams)})


async def test_members_of_the_team_call_it_within_a_second_and_others_do_not(gateway: Gateway) -> None:  # noqa: F811
    limit()
    await soon(lambda: not refuses(gateway, UnknownAlgorithm, LIMITED, ANNS_KEY))
    limit("vision")
    await soon(lambda: refuses(gateway, UnknownAlgorithm, LIMITED, ANNS_KEY))
    gather(vision=(1,), speech=(7,))
    await soon(lambda: not refuses(gateway, UnknownAlgorithm, LIMITED, ANNS_KEY))
    gather(vision=(7,), speech=(1,))
    await soon(lambda: refuses(gateway, UnknownAlgorithm, LIMITED, ANNS_KEY))


async def test_a_key_of_another_team_is_no_way_in_for_its_maker(gateway: Gateway) -> None:  # noqa: F811
    limit("vision")
    gather(vision=(1,))
    await soon(lambda: not refuses(gateway, UnknownAlgorithm, LIMITED, ANNS_KEY))
    right = token(organization_id=ANN, user_id=1, key_id="the key", root_id="root", parent_id="root", depth=1)
    for team, refused in (("speech", True), ("vision", False)):
        publisher.publish_keys({hash_key(ANNS_KEY): KeyEntry("the key", user_id=1, organization_id=ANN, team=team)})
        await soon(lambda: gateway._mirror.key_teams.get("the key") == team)  # noqa: B023 - awaited here
        assert refuses(gateway, UnknownAlgorithm, LIMITED, ANNS_KEY) is refused
        assert refuses(gateway, UnknownAlgorithm, LIMITED, right) is refused, "from inside a call too"
