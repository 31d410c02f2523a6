"""Where webhooks may go: to the public internet only, so that nobody reaches the operator's own network through us."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from marketplace.errors import InvalidInput

LONGEST_URL = 2000
PORTS = {"http": 80, "https": 443}
NAT64 = IPv6Network("64:ff9b::/96")
RULE = "A webhook is an address like https://example.com/path, without a user name."
NOT_PUBLIC = "{} is no public address: webhooks do not go to private networks."

Address = IPv4Address | IPv6Address


def check_webhook_url(url: str, *, field: str) -> None:
    """Before it is kept; names are looked up at delivery. Raises InvalidInput for `field` of the request."""
    try:
        parts = split_webhook_url(url)
    except ValueError:
        raise InvalidInput(field, RULE) from None
    try:
        literal = ip_address(str(parts.hostname))
    except ValueError:
        return
    if not is_allowed(literal):
        raise InvalidInput(field, NOT_PUBLIC.format(literal))


def split_webhook_url(url: str) -> SplitResult:
    """Raises ValueError for what is no webhook's address."""
    if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError(RULE)
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username or parts.password or parts.port == 0:
        raise ValueError(RULE)
    return parts


def resolve(host: str, port: int) -> Address:
    """The address to connect to. Raises OSError when there is none, or when one of them is not allowed."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ip_address(entry[4][0]) for entry in found]
    for address in addresses:
        if not is_allowed(address):
            raise OSError(NOT_PUBLIC.format(address))
    return addresses[0]


def is_allowed(address: Address) -> bool:
    """Whether a webhook may go there."""
    return settings.WEBHOOK_PRIVATE_NETWORKS or all(_is_public(one) for one in _with_embedded(address))


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast


def _with_embedded(address: Address) -> list[Address]:
    """The address, and those of IPv4 to which translators would send what goes to it."""
    if isinstance(address, IPv4Address):
        return [address]
    embedded: list[Address] = [one for one in (address.ipv4_mapped, address.sixtofour) if one is not None]
    if embedded and address.ipv4_mapped is not None:
        return embedded
    if address in NAT64:
        embedded.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [address, *embedded]
