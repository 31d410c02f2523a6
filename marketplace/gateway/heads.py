"""What the head of a request says of a call; and the last one of a connection, since the next is mostly the same."""

from functools import cached_property

from marketplace.gateway.addresses import Address, Options, is_web, read_address, read_options, split_url
from marketplace.gateway.callers import Credentials, read_credentials
from marketplace.gateway.errors import BODY_LIMIT
from marketplace.gateway.event_streams import MEDIA_TYPE
from marketplace.gateway.inputs import kind_of
from marketplace.invocations.requests import InputKind

END = b"\r\n\r\n"
METHOD = b"POST "
LARGEST_KEPT = 4096
"""Bytes of a head that is kept."""


class Head:
    """Of a request to the gateway. What a call needs of it is read when it is asked for, and once only."""

    def __init__(self, method: bytes, url: bytes, headers: list[tuple[bytes, bytes]], *, keep_alive: bool) -> None:
        """Names of headers are in lower case. `keep_alive`: the client leaves the connection open."""
        self.method = method
        self.url = url
        self.headers = headers
        self.keep_alive = keep_alive
        self.web = is_web(url)
        """Whether a script in another site's page asks."""
        self._given = dict(headers)

    def get(self, name: bytes) -> bytes:
        """A header's value, empty if it is not there. Of one that is there twice, the last counts."""
        return self._given.get(name, b"")

    @cached_property
    def credentials(self) -> Credentials:
        """What the client says who it is."""
        return read_credentials(self.get(b"authorization"))

    @cached_property
    def address(self) -> Address:
        """The algorithm that is called. Raises UnknownAlgorithm."""
        return read_address(split_url(self.url)[0])

    @cached_property
    def options(self) -> Options:
        """Raises BadRequest."""
        return read_options(split_url(self.url)[1])

    @cached_property
    def kind(self) -> InputKind:
        """Of the body. Raises UnsupportedContent."""
        return kind_of(self.get(b"content-type"))

    @cached_property
    def streams(self) -> bool:
        """Whether the caller takes the result in chunks, as they come."""
        return MEDIA_TYPE in self.get(b"accept")

    @cached_property
    def too_large(self) -> bool:
        """Whether a body is told of that nobody will read."""
        length = self.get(b"content-length")
        return length.isdigit() and int(length[:20]) > BODY_LIMIT


class LastHead:
    """Of one connection. Its bytes are kept with what they say: the same bytes say it again, and need no parser.

    To parse a call's request costs more than to decide on it.
    """

    def __init__(self) -> None:
        self.head: Head | None = None
        self._text = b""
        self._size = 0
        """Of the head and the body together, as the head says it."""

    def forget(self) -> None:
        """Another one begins."""
        self.head, self._text = None, b""

    def remember(self, head: Head, request: bytes, body: bytes) -> None:
        """Keeps the head of a request which came whole, and alone, if another one like it may follow."""
        text = request[: len(request) - len(body)]
        plain = text.startswith(METHOD) and text.find(END) == len(text) - len(END) and request.endswith(body)
        told = head.get(b"content-length") == b"%d" % len(body)
        if plain and told and head.keep_alive and len(text) <= LARGEST_KEPT:
            self.head, self._text, self._size = head, text, len(request)

    def find_body(self, data: bytes) -> bytes | None:
        """The body, if the data are one whole request with the same head."""
        if self._text and len(data) == self._size and data.startswith(self._text):
            return data[len(self._text) :]
        return None
