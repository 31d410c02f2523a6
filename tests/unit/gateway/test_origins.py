"""Where a call comes from, in the gateway's memory."""

import pytest

from marketplace.directory.entries import KeyEntry
from marketplace.directory.keys import hash_key
from marketplace.gateway.callers import Caller, identify, read_credentials
from marketplace.gateway.errors import Forbidden, Unauthorized
from marketplace.gateway.mirror import Mirror
from marketplace.gateway.origins import check_address

CALLER = Caller("payer", 1, "key", addresses=("203.0.113.0/24",))
PROXY = "10.0.0.1"


def refused(client: tuple[str, int] | None, forwarded: str = "", proxies: str = PROXY) -> bool:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    try:
        check_address(CALLER, client, headers, proxies=proxies)
    except Forbidden:
        return True
    return False


def test_the_address_of_the_connection_counts() -> None:
    assert not refused(("203.0.113.9", 1))
    assert refused(("198.51.100.1", 1))
    assert refused(None), "a socket of this machine is no address"


def test_only_a_trusted_proxy_says_for_whom_it_asks() -> None:
    assert not refused((PROXY, 1), "203.0.113.9")
    assert refused((PROXY, 1), "198.51.100.1")
    assert refused((PROXY, 1)), "it says nothing: its own address counts"
    assert refused(("198.51.100.1", 1), "203.0.113.9"), "a client lies"
    assert refused((PROXY, 1), "203.0.113.9, 198.51.100.1"), "the client in front of the proxy lies"
    assert not refused((PROXY, 1), "198.51.100.1, 203.0.113.9, 10.0.0.2", proxies="10.0.0.0/8")


def test_a_key_ends_in_time() -> None:
    mirror = Mirror("redis://127.0.0.1:1")
    mirror.keys[hash_key("simtext")] = KeyEntry("key", 1, "payer", expires_at=100.0, addresses=("10.0.0.0/8",))
    caller = identify(read_credentials(b"Simple simtext"), mirror=mirror, secret="s", now=99.0)
    assert caller.addresses == ("10.0.0.0/8",)
    with pytest.raises(Unauthorized, match="expired"):
        identify(read_credentials(b"Simple simtext"), mirror=mirror, secret="s", now=100.0)
