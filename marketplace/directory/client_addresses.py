"""Which addresses of the internet a key may be used from. Pure."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

REFUSAL = "This key may not be used from this address: its addresses do not name it."


def may_use_at(address: str, networks: Sequence[str]) -> bool:
    """Whether a key for these networks (`10.0.0.0/8`) may be used from the address; none at all allow every one."""
    if not networks:
        return True
    try:
        client = ip_address(address)
    except ValueError:  # a socket of this machine has none
        return False
    return any(client in network for network in _parse(tuple(networks)))


def write_network(text: str) -> str:
    """The network as it is kept: one address is a network too. Raises ValueError."""
    return str(ip_network(text.strip(), strict=False))


@lru_cache(maxsize=1_000)
def _parse(networks: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(network) for network in networks)
