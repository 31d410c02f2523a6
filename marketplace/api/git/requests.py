"""What a git client asks for. Pure."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "/git/"
PATH = re.compile(
    r"/git/(?P<owner>[A-Za-z][A-Za-z0-9_]{0,63})/(?P<name>[A-Za-z][A-Za-z0-9_]{0,63})(?:\.git)?"
    r"/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
RECEIVE = "git-receive-pack"
SERVICES = {"git-upload-pack", RECEIVE}


@dataclass(frozen=True)
class GitRequest:
    """A request of git's smart protocol. `pushes` tells whether it is part of a push, and so needs more rights."""

    method: str
    owner: str
    name: str
    service: str
    """`info/refs`, or a service."""
    query: str
    headers: Mapping[str, str]
    pushes: bool
    client: str = ""
    """The internet address that it came from, if any."""

    @property
    def receives(self) -> bool:
        """Whether commits come with it."""
        return self.service == RECEIVE

    @property
    def key(self) -> str:
        """The API key that was sent, as password of any user, or as user; empty without one."""
        scheme, _, text = self.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return text.strip() if text else scheme
        try:
            user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            return ""
        return password or user


def read_request(scope: Mapping[str, Any]) -> GitRequest | None:
    """None for what is no request of the smart protocol: the older one, and files of a repository, are not served."""
    found = PATH.fullmatch(scope["path"])
    query = scope["query_string"].decode("latin-1")
    if found is None:
        return None
    service, method = found["service"], scope["method"]
    asked = query.removeprefix("service=") if service == "info/refs" else service
    if asked not in SERVICES or method != ("GET" if service == "info/refs" else "POST"):
        return None
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    client = (scope.get("client") or ("",))[0]
    pushes = asked == RECEIVE
    return GitRequest(method, found["owner"], found["name"], service, query, headers, pushes, client)
