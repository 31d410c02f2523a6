"""What an algorithm may ask of the platform it runs on.

    import agora
    label = agora.call("owner/name", {"any": "value"})

bytes are sent as binary, str as text, everything else as JSON; the result comes back the same way.
"""

import base64
import http.client
import json
import os
import select
import socket

__all__ = ["AlgorithmError", "call", "client"]

SOCKET = os.environ.get("AGORA_GATEWAY_SOCKET", "/run/agora/gateway.sock")


class AlgorithmError(Exception):
    """The called algorithm failed, or could not be called."""

    def __init__(self, message, error_type="AlgorithmError", stacktrace=None):
        super().__init__(message)
        self.message = message
        self.error_type = error_type
        self.stacktrace = stacktrace


def call(algorithm, value=None):
    """Calls `owner/name` or `owner/name/version` and returns its result. Raises AlgorithmError."""
    if _token is None:
        raise AlgorithmError(
            "this version may not call other algorithms: set calls_others = true under [permissions] in agora.toml",
            "PermissionError",
        )
    kind, body = _encode(value)
    headers = {"Content-Type": kind, "Authorization": "Simple " + _token}
    return _decode(_post("/v1/algo/" + algorithm.strip("/"), body, headers))


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


def _post(path, body, headers):
    """Sent once only: a call that may have been made is never made again."""
    connection = _take_connection()
    try:
        connection.request("POST", path, body, headers)
        text = connection.getresponse().read()
        answer = json.loads(text)
    except (OSError, http.client.HTTPException, ValueError) as error:
        connection.close()
        raise AlgorithmError("the platform did not answer: %s" % error, "SystemError") from error
    _idle.append(connection)
    return answer


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
