"""What identity providers say of themselves, fetched from public addresses only.

An organization writes the address: without this, anybody could have us ask the operator's own network.
"""

import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from marketplace.webhook_addresses import resolve

PATIENCE = 5.0
"""Seconds, for the provider to say something."""


class _Public:
    """Connects to the very address that was looked at: a name may lead elsewhere a moment later."""

    def _new_conn(self: Any) -> socket.socket:
        try:
            address = resolve(self.host, self.port)
            return socket.create_connection((str(address), self.port), PATIENCE)
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error


class _PublicHttp(_Public, HTTPConnection):
    pass


class _PublicHttps(_Public, HTTPSConnection):
    pass


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _PublicHttp


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _PublicHttps


class PublicAdapter(HTTPAdapter):
    """For requests' sessions."""

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def send(self, request: Any, **options: Any) -> requests.Response:
        """Not for ever, whoever asks."""
        options["timeout"] = options.get("timeout") or PATIENCE
        return super().send(request, **options)


def make_session() -> requests.Session:
    """One that goes nowhere but to public addresses."""
    session = requests.Session()
    session.trust_env = False  # a proxy would look names up itself
    session.max_redirects = 3
    session.mount("http://", PublicAdapter())
    session.mount("https://", PublicAdapter())
    return session
