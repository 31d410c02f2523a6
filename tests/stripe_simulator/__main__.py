"""`python -m tests.stripe_simulator SECRET [PORT]`: serves on loopback, and prints its port when it does.

/v1 is Stripe's; /acts/NAME does what people and banks do, /events tells the signed events, /heard the requests,
/send posts events to an address, /settings makes requests fail and things forgotten.
"""

import hashlib
import hmac
import json
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.stripe_simulator.acts import ACTS
from tests.stripe_simulator.forms import unflatten
from tests.stripe_simulator.requests import answer
from tests.stripe_simulator.state import Refusal, State

Reply = tuple[int, Any]


class World:
    """The state, what was answered under which idempotency key, and the trouble that is to come."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.lock = Lock()
        self.state = State()
        self.answered: dict[str, tuple[Any, Reply]] = {}
        self.heard: list[tuple[str, str, str]] = []
        """Each request as it came: its method, its address, its form."""
        self.trouble: list[str] = []
        """For the next requests: `refuse` does nothing, `lose` does it and hangs up."""

    def sign(self, payload: str, secret: str = "") -> str:
        """The header that proves that we said so."""
        now = int(time.time())
        key = (secret or self.secret).encode()
        return f"t={now},v1={hmac.new(key, f'{now}.{payload}'.encode(), hashlib.sha256).hexdigest()}"

    def ask(self, method: str, path: str, params: Any, key: str | None) -> Reply:
        """Stripe's answer; a repeated key gets the same one again."""
        asked = (method, path, params)
        if key is not None and key in self.answered:
            before, reply = self.answered[key]
            if before == asked:
                return reply
            text = "Keys for idempotent requests can only be used with the same parameters."
            return 400, {"error": {"type": "idempotency_error", "message": text}}
        try:
            reply = (200, json.loads(json.dumps(answer(self.state, method, path, params))))
        except Refusal as error:
            reply = (error.status, error.body)
        if key is not None:
            self.answered[key] = (asked, reply)
        return reply

    def send(self, url: str, numbers: list[int], secret: str = "") -> list[int]:
        """Posts events, by their numbers, and answers the statuses."""
        return [
            _post(url, self.state.events[number], self.sign(self.state.events[number], secret)) for number in numbers
        ]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    world: World
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _serve(self, method: str) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if parts.path.startswith("/v1/"):
            self.world.heard.append((method, self.path, body))
            self._serve_stripe(method, parts.path, parse_qsl(parts.query) + parse_qsl(body))
        else:
            self._reply(self._control(parts.path, json.loads(body) if body else {}))

    def _serve_stripe(self, method: str, path: str, pairs: list[tuple[str, str]]) -> None:
        if not self.headers.get("Authorization", "").startswith("Bearer sk_"):
            self._reply((401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}}))
            return
        with self.world.lock:
            trouble = self.world.trouble.pop(0) if self.world.trouble else ""
            if trouble == "refuse":
                self._reply((503, {"error": {"type": "api_error", "message": "Not now."}}))
                return
            reply = self.world.ask(method, path, unflatten(pairs), self.headers.get("Idempotency-Key"))
        if trouble == "lose":
            self.close_connection = True
            return
        self._reply(reply)

    def _control(self, path: str, body: Any) -> Reply:
        name = path.rpartition("/")[2]
        if path == "/send":  # without the lock: who gets the event asks back
            return 200, self.world.send(**body)
        with self.world.lock:
            if path == "/events":
                return 200, [[text, self.world.sign(text)] for text in self.world.state.events[body["since"] :]]
            if path == "/heard":
                return 200, self.world.heard
            if path == "/settings":
                self._set(**body)
                return 200, None
            try:
                return 200, ACTS[name](self.world.state, **body)
            except Refusal as error:
                return error.status, error.body

    def _set(self, trouble: list[str] | None = None, keys: bool = True, everything: bool = True) -> None:
        """The trouble to come; whether idempotency keys, and everything else, are remembered."""
        if not everything:
            Handler.world = World(self.world.secret)
        if not keys:
            self.world.answered.clear()
        if trouble is not None:
            self.world.trouble = trouble

    def _reply(self, reply: Reply) -> None:
        content = json.dumps(reply[1]).encode()
        self.send_response(reply[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _post(url: str, text: str, signature: str) -> int:
    headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
    request = urllib.request.Request(url, text.encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def main() -> None:
    """Serves until it is killed."""
    Handler.world = World(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


main()
