"""The platform's REST API, as the author's commands use it. Every failure is one sentence that says what to do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import click
import httpx

from marketplace.cli.credentials import Credentials

TIMEOUT = httpx.Timeout(30.0, read=120.0, write=120.0)
# The longest timeout a version may have, and some way to go.
CALL_TIMEOUT = httpx.Timeout(30.0, read=3_030.0, write=120.0)
JsonObject = dict[str, Any]
Content = TypeVar("Content", JsonObject, list[JsonObject])
Event = tuple[str, Any]
"""The name of a server-sent event, `message` where it has none, and its data."""


class Refused(click.ClickException):
    """The platform answered with an error. `status` is the answer's."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Platform:
    """A connection to a platform, with a key."""

    def __init__(self, credentials: Credentials) -> None:
        self.address = credentials.address
        try:
            self._client = httpx.Client(
                base_url=credentials.address,
                headers={"Authorization": f"Simple {credentials.key}"},
                timeout=TIMEOUT,
                follow_redirects=False,
            )
        except (httpx.InvalidURL, UnicodeEncodeError):
            raise click.ClickException(
                f"{credentials.address!r} or the key cannot be right: run `agora login`."
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str, **parameters: str | int) -> JsonObject:
        return _json_of(self._send("GET", path, params=parameters))

    def get_list(self, path: str) -> list[JsonObject]:
        """Of an address that answers with a list alone."""
        return _content_of(self._send("GET", path), list)

    def post(self, path: str, body: JsonObject) -> JsonObject:
        return _json_of(self._send("POST", path, json=body))

    def put(self, path: str, body: JsonObject) -> JsonObject:
        return _json_of(self._send("PUT", path, json=body))

    def order(self, path: str, **parameters: str) -> None:
        """A POST that is answered with nothing."""
        response = self._send("POST", path, params=parameters)
        if response.status_code != httpx.codes.NO_CONTENT:
            _json_of(response)

    def upload(self, path: str, archive: Path, fields: Mapping[str, str]) -> JsonObject:
        """Sends a source archive with form fields."""
        with archive.open("rb") as content:
            files = {"source": ("source.tar.gz", content, "application/gzip")}
            return _json_of(self._send("POST", path, files=files, data=dict(fields)))

    def call(self, reference: str, content: bytes, content_type: str) -> JsonObject:
        """Calls an algorithm; `reference` is `owner/name` or `owner/name/version`."""
        headers = {"Content-Type": content_type}
        path = f"/v1/algo/{reference}"
        return _json_of(self._send("POST", path, content=content, headers=headers, timeout=CALL_TIMEOUT))

    def stream(self, reference: str, content: bytes, content_type: str) -> Iterator[Event]:
        """Calls an algorithm; its events, as they come. The last one is `done` or `error`."""
        headers = {"Content-Type": content_type, "Accept": "text/event-stream"}
        options = {"content": content, "headers": headers, "timeout": CALL_TIMEOUT}
        with self._explain(), self._client.stream("POST", f"/v1/algo/{reference}", **options) as response:
            if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
                response.read()
                _json_of(response)
                raise Refused(_sentence(response, None), response.status_code)
            yield from _read_events(response.iter_lines())

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with self._explain():
            return self._client.request(method, path, **options)

    @contextmanager
    def _explain(self) -> Iterator[None]:
        """What goes wrong on the way becomes a sentence."""
        try:
            yield
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise click.ClickException(
                f"{self.address!r} is not an address: run `agora login --address http://HOST:PORT`."
            ) from None
        except httpx.TimeoutException:
            raise click.ClickException(f"{self.address} did not answer in time: try again in a moment.") from None
        except httpx.TransportError:
            raise click.ClickException(
                f"Nothing answers at {self.address}: start it with `make up`, or name another by `agora login`."
            ) from None


def _read_events(lines: Iterator[str]) -> Iterator[Event]:
    """As the platform writes them: each with one line of data, which is JSON."""
    name = "message"
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)
            name = "message"


def _json_of(response: httpx.Response) -> JsonObject:
    """The answer's object. Raises Refused for an error of the platform's."""
    return _content_of(response, dict)


def _content_of(response: httpx.Response, kind: type[Content]) -> Content:
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.is_success and isinstance(body, kind):
        return body
    raise Refused(_sentence(response, body), response.status_code)


def _sentence(response: httpx.Response, body: object) -> str:
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return "The platform does not know this key: run `agora login --key KEY` with a key from your key page."
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, str):
        return error
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return f"{response.url} answered {response.status_code} and no explanation: is it the address of an Agora platform?"
