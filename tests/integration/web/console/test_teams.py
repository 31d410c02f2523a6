"""The pages of teams: made, filled, what an algorithm is limited to, keys of a team, and its cost."""

from django.test import Client

from billing.api import CREDIT
from marketplace.accounts.models import User
from marketplace.organizations.models import ApiKey, Organization, Team
from tests.factories.calls import record_calls
from tests.integration.web.console.conftest import TEAM, Things


def make_team(client: Client, *members: str) -> Team:
    client.post(f"{TEAM}/teams", {"name": "Vision"})
    team = Team.objects.get(name="Vision")
    for member in members:
        client.post(f"{TEAM}/teams/{team.id}/members", {"member": member})
    return team


def read(client: Client, path: str) -> str:
    return " ".join(client.get(f"{TEAM}{path}").content.decode().split())


def test_a_private_algorithm_is_limited_on_its_page(as_alice: Client, as_bob: Client, things: Things) -> None:
    team = make_team(as_alice)
    assert "All members of team. Choose teams to limit it." in read(as_alice, "/algorithms/secret/access")
    as_alice.post(f"{TEAM}/algorithms/secret/access", {"team": str(team.id)})
    assert "to others it is not there" in read(as_alice, "/algorithms/secret/access")
    assert as_bob.get(f"{TEAM}/algorithms/secret").status_code == 404
    assert "team/secret" not in read(as_bob, "/catalog")
    as_alice.post(f"{TEAM}/teams/{team.id}/members", {"member": "bob"})
    assert as_bob.get(f"{TEAM}/algorithms/secret").status_code == 200
    as_alice.post(f"{TEAM}/teams/{team.id}/members", {"member": "bob", "remove": "yes"})
    assert as_bob.get(f"{TEAM}/algorithms/secret").status_code == 404


def test_teams_that_cannot_be_say_why(as_alice: Client, things: Things) -> None:
    team = make_team(as_alice)
    as_alice.post(f"{TEAM}/teams", {"name": "VISION"})
    assert "There is a team VISION already." in read(as_alice, "/teams")
    as_alice.post(f"{TEAM}/algorithms/secret/access", {"team": str(team.id)})
    as_alice.post(f"{TEAM}/teams/{team.id}/delete")
    assert "would be open to all members" in read(as_alice, "/teams")


def test_a_key_belongs_to_a_team_of_its_maker(as_alice: Client, as_bob: Client, team: Organization) -> None:
    mine = make_team(as_alice, "bob")
    as_alice.post(f"{TEAM}/teams", {"name": "Speech"})
    form = {"name": "nightly", "team": str(mine.id)}
    assert as_bob.post(f"{TEAM}/keys", form).context["shown"] is not None
    key = ApiKey.objects.get(name="nightly")
    assert key.team == mine
    assert "<dt>Team</dt><dd>Vision</dd>" in read(as_bob, f"/keys/{key.id}")
    theirs = {"name": "sly", "team": str(Team.objects.get(name="Speech").id)}
    assert as_bob.post(f"{TEAM}/keys", theirs).context["shown"] is None


def test_what_the_keys_of_a_team_spent_is_added_up(as_alice: Client, alice: User, things: Things) -> None:
    team = make_team(as_alice, "alice")
    for name in ("one", "two"):
        as_alice.post(f"{TEAM}/keys", {"name": name, "team": str(team.id)})
        key = ApiKey.objects.get(name=name)
        record_calls(things.version, 3, run_us=CREDIT, payer_id=key.organization_id, key_id=key.id)
    lines = as_alice.get(f"{TEAM}/usage?by=team").context["lines"]
    assert [(line.name, line.totals.calls, line.totals.cost) for line in lines] == [
        ("Vision", 6, 6 * CREDIT), ("No team", 1, 1_000),
    ]  # fmt: skip
    assert as_alice.get(f"{TEAM}/usage.csv?by=team").status_code == 200
