"""On a running platform: what a page says of a team holds for calls, now and later, and for the API."""

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.platform import RunningPlatform

FOLDER = Path(__file__).resolve().parents[2] / "algorithms" / "probe"
MAKE_CREW = """
import json, uuid, django
django.setup()
from django.utils import timezone
from billing import api as billing
from marketplace.organizations.teams import add_to_team, create_team
from tests.factories.people import make_api_key, make_organization, make_user, scope_of
captain, gunner, cook = (make_user(name) for name in ("the_captain", "the_gunner", "the_cook"))
crew = make_organization("crew", owner=captain, members=(gunner, cook))
billing.grant_credits(grant_id=uuid.uuid4(), organization_id=crew.id, amount=1_000 * billing.CREDIT, cause="A test")
guns = create_team(scope=scope_of(captain, "crew"), name="Guns", now=timezone.now())
add_to_team(scope=scope_of(captain, "crew"), team=guns, username="the_gunner")
print(json.dumps([make_api_key(crew, by=person).text for person in (captain, gunner, cook)]))
"""
LIMIT = """
import django
django.setup()
from marketplace.accounts.models import User
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.team_limits import limit_to_teams
from marketplace.organizations.models import Team
from tests.factories.people import scope_of
algorithm = Algorithm.objects.get(organization__slug="crew")
scope = scope_of(User.objects.get(username="the_captain"), "crew")
limit_to_teams(scope=scope, algorithm=algorithm, team_ids=[Team.objects.get(name="Guns").pk])
"""
WAIT_SECONDS = 20.0


def run(platform: RunningPlatform, script: str) -> str:
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=platform.environ, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="session")
def keys(platform: RunningPlatform) -> list[str]:
    """Of the captain, of the gunner, and of the cook, who is not in the team."""
    return list(json.loads(run(platform, MAKE_CREW)))


def test_what_is_limited_to_a_team_is_not_there_for_others(platform: RunningPlatform, keys: list[str]) -> None:
    captain, gunner, cook = keys
    with Platform(Credentials(address=platform.address, key=captain)) as client:
        reference = publish_folder(client, FOLDER, read_manifest(FOLDER), echo=lambda _: None).reference
    algorithm = "/".join(reference.split("/")[:2])
    assert send(platform, cook, f"/v1/algo/{algorithm}") == 200
    run(platform, LIMIT)
    deadline = time.monotonic() + WAIT_SECONDS
    while send(platform, cook, f"/v1/algo/{algorithm}") != 404:
        assert time.monotonic() < deadline, "the gateway did not hear of it"
        time.sleep(0.05)
    for key, status in ((captain, 200), (gunner, 200), (cook, 404)):
        assert send(platform, key, f"/v1/algo/{algorithm}") == status
        assert send(platform, key, f"/v1/algo/{algorithm}?output=void") == status
        assert send(platform, key, f"/v1/algorithms/{algorithm}", "GET") == status


def send(platform: RunningPlatform, key: str, path: str, method: str = "POST") -> int:
    headers = {"Authorization": f"Simple {key}"}
    body = {"json": {"do": "echo", "with": "aye"}} if method == "POST" else {}
    return httpx.request(method, platform.address + path, headers=headers, timeout=60, **body).status_code
