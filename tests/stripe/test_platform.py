"""A whole platform, started by `agora up`, hears of a payment from a simulated Stripe over HTTP."""

import shutil
import time
from typing import Any

import httpx

from tests.platform import UpProcess, free_port, make_home
from tests.stripe_simulator.client import SECRET, Simulator


def test_paid_credits_arrive_through_web_and_worker(simulator: Simulator) -> None:
    simulator.reset()
    home = make_home()
    stripe = {"SECRET_KEY": "sk_test_simulated", "WEBHOOK_SECRET": SECRET, "API_BASE": simulator.base}
    up = UpProcess(home, free_port(), **{f"AGORA_STRIPE_{name}": value for name, value in stripe.items()})
    try:
        platform = up.wait_until_ready()
        headers = {"Authorization": f"Simple {platform.demo_key}"}
        with httpx.Client(
            base_url=f"{platform.address}/v1/organizations/{platform.demo_username}", headers=headers
        ) as api:
            before = balance(api)
            begun = api.post("/payments", json={"amount_cents": 2_000}).json()
            simulator.act("pay_session", session=begun["pay_url"].rpartition("/")[2])
            door = f"{platform.address}/v1/webhooks/stripe"
            numbers = list(range(len(simulator.all_events())))
            assert set(simulator.send(door, numbers, secret="forged")) == {400}
            assert set(simulator.send(door, [*reversed(numbers), *numbers])) == {200}
            deadline = time.monotonic() + 30
            while balance(api) == before:
                assert time.monotonic() < deadline, api.get(f"/payments/{begun['id']}").text
                time.sleep(0.1)
            time.sleep(1)  # for what must not happen: the copies
            assert balance(api) - before == 200_000_000_000
            assert api.get(f"/payments/{begun['id']}").json()["state"] == "succeeded"
    finally:
        up.stop()
        shutil.rmtree(home, ignore_errors=True)


def balance(api: Any) -> int:
    return int(api.get("/balance").json()["balance_microcredits"])
