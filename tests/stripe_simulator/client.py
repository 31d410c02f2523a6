"""The simulator as a process, for tests."""

import subprocess
import sys
from typing import Any, NamedTuple

import httpx

SECRET = "whsec_simulated"


class Delivery(NamedTuple):
    """An event as it arrives."""

    payload: str
    signature: str


class Simulator:
    """A simulated Stripe of one's own: `base` is its address."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.stripe_simulator", SECRET]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.base = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
        self._http = httpx.Client(base_url=self.base)
        self._seen = 0

    def act(self, name: str, **what: Any) -> Any:
        """Does what people and banks do (acts.py). Raises httpx.HTTPStatusError when Stripe would refuse."""
        return self._ask(f"/acts/{name}", what)

    def new_events(self) -> list[Delivery]:
        """Those since one asked last, oldest first."""
        found = [Delivery(*pair) for pair in self._ask("/events", {"since": self._seen})]
        self._seen += len(found)
        return found

    def all_events(self) -> list[Delivery]:
        """Every event ever, signed now."""
        return [Delivery(*pair) for pair in self._ask("/events", {"since": 0})]

    def list_requests(self) -> list[tuple[str, str, str]]:
        """What Agora asked for: method, address, form."""
        return [(method, address, form) for method, address, form in self._ask("/heard", {})]

    def send(self, url: str, numbers: list[int], secret: str = "") -> list[int]:
        """Has it post events to an address, and answers the statuses."""
        return list(self._ask("/send", {"url": url, "numbers": numbers, "secret": secret}))

    def make_trouble(self, *trouble: str) -> None:
        """For the next requests: `refuse` does nothing, `lose` does it and hangs up, `` is fine."""
        self._ask("/settings", {"trouble": list(trouble)})

    def forget_keys(self) -> None:
        """A day passes: idempotency keys are forgotten."""
        self._ask("/settings", {"keys": False})

    def reset(self) -> None:
        """Forgets everything."""
        self._ask("/settings", {"everything": False})
        self._seen = 0

    def stop(self) -> None:
        """Ends the process."""
        self._http.close()
        self._process.kill()
        self._process.communicate()

    def _ask(self, path: str, body: Any) -> Any:
        response = self._http.post(path, json=body)
        response.raise_for_status()
        return response.json()
