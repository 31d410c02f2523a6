"""What an algorithm may ask of the platform it runs on.

    import agora
    label = agora.call("owner/name", {"any": "value"})

bytes are sent as binary, str as text, everything else as JSON; the result comes back the same way.

    agora.data("data://.my/letters/today.txt").write(label)
    names = agora.data("data://.my/letters").list()

Data is the caller's, unless its address says otherwise.
"""

import base64
import http.client
import json
import os
import select
import shutil
import socket
import urllib.parse

__all__ = ["AlgorithmError", "DataError", "call", "client", "data"]

SOCKET = os.environ.get("AGORA_GATEWAY_SOCKET", "/run/agora/gateway.sock")


class AlgorithmError(Exception):
    """The called algorithm failed, or could not be called."""

    def __init__(self, message, error_type="AlgorithmError", stacktrace=None):
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.stacktrace = stacktrace


class DataError(AlgorithmError):
    """Data could not be read or written; `status` is that of HTTP: 404 for what is missing."""

    def __init__(self, message, status):
        super().__init__(message, "DataError")
        self.status = status


def call(algorithm, value=None):
    """Calls `owner/name` or `owner/name/version` and returns its result. Raises AlgorithmError."""
    kind, body = _encode(value)
    _, answer = _exchange("POST", "/v1/algo/" + algorithm.strip("/"), body, {"Content-Type": kind})
    return _decode(_read_json(answer))


def data(address):
    """A file or a directory in hosted data, which need not be there: `data://owner/collection/name`."""
    return Data(address)


class Data:
    """What data() returns. Everything raises DataError."""

    def __init__(self, address):
        self.address = address
        self._path = "/v1/data/" + urllib.parse.quote(address.split("://")[-1].strip("/"))

    def read(self):
        """A file's bytes."""
        return self._ask("GET")

    def text(self):
        """A file's text, which is UTF-8."""
        return self.read().decode()

    def json(self):
        """The value that a file of JSON has."""
        return json.loads(self.read())

    def save(self, path):
        """Copies a file to a path on the slot's own disk, without holding it in memory."""

        def receive(response):
            with open(path, "wb") as file:
                shutil.copyfileobj(response, file, 1 << 20)

        self._ask("GET", receive=receive)

    def write(self, value):
        """Makes or replaces a file: bytes as they are, an open file's bytes, str as UTF-8, everything else as JSON."""
        self._ask("PUT", value if hasattr(value, "read") else _encode(value)[1])

    def list(self):
        """The names in a directory: folders first, each kind in order."""
        names, marker = [], ""
        while marker is not None:
            page = json.loads(self._ask("GET", query="?marker=" + urllib.parse.quote(marker)))
            names += [folder["name"] for folder in page.get("folders", [])]
            names += [file["filename"] for file in page.get("files", [])]
            marker = page.get("marker")
        return names

    def exists(self):
        """Whether there is such a file or directory."""
        try:
            self._ask("HEAD")
        except DataError as error:
            if error.status == 404:
                return False
            raise
        return True

    def create(self):
        """Makes a directory."""
        parent, _, name = self._path.rpartition("/")
        _check(*_exchange("POST", parent, json.dumps({"name": urllib.parse.unquote(name)}).encode(), {}))

    def delete(self, force=False):
        """Deletes a file, an empty directory, or by force one with all that is in it."""
        self._ask("DELETE", query="?force=true" if force else "")

    def _ask(self, method, body=None, query="", receive=None):
        return _check(*_exchange(method, self._path + query, body, {}, receive))


class Response:
    """What a call through client() returns."""

    def __init__(self, result):
        self.result = result


class Algorithm:
    """One algorithm, as client().algo(...) names it."""

    def __init__(self, name):
        self.name = name

    def pipe(self, value=None):
        """Calls it; the answer is in `.result`. Raises AlgorithmError."""
        return Response(call(self.name, value))


class Client:
    """The shape that Algorithmia's client has."""

    def algo(self, name):
        return Algorithm(name.split("://")[-1])


def client():
    """A client that acts for whoever called this algorithm."""
    return Client()


class _Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(SOCKET)


_token = None
_idle = []  # connections kept open between calls; a list, since an algorithm may call from several threads


def set_token(token):
    """The runner's: the right to call others, for the call that now runs."""
    global _token
    _token = token


def _exchange(method, path, body, headers, receive=None):
    """The response and its body, or what `receive` makes of a good one.

    Sent once only: a call that may have been made is never made again.
    """
    if _token is None:
        raise AlgorithmError(
            "this version may not call other algorithms, nor use hosted data: set calls_others = true under"
            " [permissions] in agora.toml",
            "PermissionError",
        )
    connection = _take_connection()
    try:
        connection.request(method, path, body, dict(headers, Authorization="Simple " + _token))
        response = connection.getresponse()
        received = receive(response) if receive and response.status == 200 else response.read()
    except (OSError, http.client.HTTPException) as error:
        connection.close()
        raise AlgorithmError("the platform did not answer: %s" % error, "SystemError") from error
    _idle.append(connection)
    return response, received


def _check(response, received):
    if response.status != 200:
        raise DataError(response.headers.get("x-error-message", response.reason), response.status)
    return received


def _read_json(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise AlgorithmError("the platform did not answer: %s" % error, "SystemError") from error


def _take_connection():
    while _idle:
        connection = _idle.pop()
        if connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]:
            return connection
        connection.close()  # readable while idle: the other side has closed it
    return _Connection("agora")


def _encode(value):
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "application/octet-stream", bytes(value)
    if isinstance(value, str):
        return "text/plain", value.encode()
    return "application/json", json.dumps(value, allow_nan=False).encode()


def _decode(answer):
    error = answer.get("error")
    if error is not None:
        if not isinstance(error, dict):
            error = {"message": str(error)}
        raise AlgorithmError(
            error.get("message", ""), error.get("error_type") or "AlgorithmError", error.get("stacktrace")
        )
    result = answer.get("result")
    if (answer.get("metadata") or {}).get("content_type") == "binary":
        return base64.b64decode(result)
    return result
