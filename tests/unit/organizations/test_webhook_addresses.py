"""Where webhooks may go."""

from ipaddress import ip_address
from typing import Any

import pytest

from marketplace.errors import InvalidInput
from marketplace.webhook_addresses import check_webhook_url, is_allowed, resolve

CLOSED = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "2002:7f00:1::", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("text", CLOSED)
def test_no_private_network_is_reached(text: str) -> None:
    assert not is_allowed(ip_address(text))
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(InvalidInput, match="is no public address"):
        check_webhook_url(f"https://{host}/hook", field="webhook")


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_reached(text: str) -> None:
    assert is_allowed(ip_address(text))


@pytest.mark.parametrize("url", ["https://example.com/hook?a=b", "http://example.com:8080", "https://8.8.8.8/"])
def test_addresses_that_a_webhook_may_have(url: str) -> None:
    check_webhook_url(url, field="webhook")


@pytest.mark.parametrize(
    "url",
    ["", "example.com", "ftp://example.com", "https://", "https://user:word@example.com/", "file:///etc/passwd",
     "https://example.com:99999/", "https://exa mple.com/", "https://é.example/", "https://example.com/" + "x" * 2000,
     "https://example.com/\r\nHost: other", "https://[::1", "https://example.com:0/"],
)  # fmt: skip
def test_what_no_webhook_is(url: str) -> None:
    with pytest.raises(InvalidInput, match="an address like https"):
        check_webhook_url(url, field="webhook")


def test_a_name_that_stands_for_a_private_address() -> None:
    with pytest.raises(OSError, match="no public address"):
        resolve("localhost", 80)


def test_the_operator_may_allow_private_networks(settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = True
    check_webhook_url("http://127.0.0.1:9/hook", field="webhook")
    assert resolve("localhost", 80).is_loopback
