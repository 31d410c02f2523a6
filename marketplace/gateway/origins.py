"""Where a call comes from: the pages and the addresses that a caller's key may be used from."""

from collections.abc import Sequence
from functools import lru_cache

from uvicorn.middleware.proxy_headers import _TrustedHosts

from marketplace.directory import client_addresses, sites
from marketplace.gateway.callers import Caller
from marketplace.gateway.errors import Forbidden

Headers = Sequence[tuple[bytes, bytes]]


def check_site(caller: Caller, headers: Headers) -> None:
    """Raises Forbidden for a script in a page that the key is not for."""
    read = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    if not sites.may_use_from(read, web=caller.web, referer_host=caller.referer_host):
        raise Forbidden(sites.REFUSAL)


def check_address(caller: Caller, client: tuple[str, int] | None, headers: Headers, *, proxies: str) -> None:
    """Raises Forbidden at an address that the key is not for. Trusted `proxies` say in a header for whom they ask."""
    address = client[0] if client else ""
    if address in _trust(proxies):
        told = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        address = _trust(proxies).get_trusted_client_address(told)[0] if told else address
    if not client_addresses.may_use_at(address, caller.addresses):
        raise Forbidden(client_addresses.REFUSAL)


@lru_cache
def _trust(proxies: str) -> _TrustedHosts:
    return _TrustedHosts(proxies)
