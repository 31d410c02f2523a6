"""Calls that may wait, as the tests ask a running platform for them."""

import subprocess
import sys
import time
from typing import Any

import httpx

from tests.integration.gateway.conftest import Probe
from tests.platform import RunningPlatform

SOON = 40.0


def ask(probe: Probe, do: str, value: object = None, headers: dict[str, str] | None = None, **query: Any) -> str:
    """A request id."""
    answer = probe.client.post(
        probe.path, json={"do": do, "with": value}, params={"output": "void", **query}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["request_id"])


def look(probe: Probe, request_id: str, **query: object) -> dict[str, Any]:
    answer = probe.client.get(f"/v1/calls/{request_id}", params=query, timeout=70)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def wait_for(probe: Probe, request_id: str, *states: str) -> dict[str, Any]:
    """The call, when it is in one of the states."""
    deadline = time.monotonic() + SOON
    while (call := look(probe, request_id))["state"] not in states:
        assert time.monotonic() < deadline, call
        time.sleep(0.1)
    return call


def client_of_a_stranger(platform: RunningPlatform) -> httpx.Client:
    """With a key of somebody else on the platform."""
    program = (
        "import django; django.setup()\n"
        "from django.contrib.auth.hashers import make_password\n"
        "from marketplace.accounts.models import User\n"
        "from marketplace.organizations.services import create_api_key, open_personal_organization\n"
        "user, made = User.objects.get_or_create(username='stranger', defaults={'email': 's@example.com'})\n"
        "made and open_personal_organization(user=user)\n"
        "print(create_api_key(organization=user.organizations.get(), name='test', by=user).text)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], env=platform.environ, capture_output=True, text=True, check=True
    )
    key = ran.stdout.strip().splitlines()[-1]
    return httpx.Client(base_url=platform.address, headers={"Authorization": f"Simple {key}"}, timeout=30)
