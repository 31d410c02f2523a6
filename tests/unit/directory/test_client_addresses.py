"""Addresses that a key may be used from."""

import pytest

from marketplace.directory.client_addresses import may_use_at, write_network


@pytest.mark.parametrize(
    ("address", "networks", "allowed"),
    [
        ("203.0.113.7", [], True),
        ("", [], True),
        ("203.0.113.7", ["203.0.113.0/24"], True),
        ("203.0.114.7", ["203.0.113.0/24"], False),
        ("203.0.114.7", ["203.0.113.0/24", "203.0.114.7/32"], True),
        ("2001:db8::5", ["2001:db8::/32"], True),
        ("2001:db8::5", ["0.0.0.0/0"], False),
        ("", ["0.0.0.0/0"], False),
        ("no address", ["0.0.0.0/0"], False),
    ],
)
def test_an_address_is_in_the_networks(address: str, networks: list[str], allowed: bool) -> None:
    assert may_use_at(address, networks) is allowed


def test_networks_are_kept_in_one_form() -> None:
    assert [write_network(text) for text in (" 10.1.2.3/8", "10.1.2.3", "::1")] == [
        "10.0.0.0/8", "10.1.2.3/32", "::1/128",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="x"):
        write_network("x")
