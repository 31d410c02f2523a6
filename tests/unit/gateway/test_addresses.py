"""What the address of a call says."""

import pytest

from marketplace.gateway.addresses import (
    Address,
    Options,
    is_call,
    is_for_slots,
    is_web,
    read_address,
    read_options,
    split_url,
)
from marketplace.gateway.errors import BadRequest, UnknownAlgorithm

ID = "0B1ff5d4-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    "url",
    [b"/v1/algo", b"/v1/algo/", b"/v1/algo?x=1", b"/v1/algo/ann/echo", b"/v1/algo/../x", b"/v1/web/algo/ann/echo",
     b"/v1/algo/ann/batch", b"/v1/algo/ann/echo?output=raw", b"/v1/algo/ann/echo?a=void", b"/v1/algo/ann/batch/1.x"],
)  # fmt: skip
def test_what_is_a_call(url: bytes) -> None:
    assert is_call(url)


@pytest.mark.parametrize(
    "url", [b"/", b"/v1/algorithms", b"/v1/algorithms/ann", b"//v1/algo", b"/v1", b"/v1/algo2/a/b", b"/v1/web/algo2"]
)
def test_what_is_none(url: bytes) -> None:
    assert not is_call(url)


@pytest.mark.parametrize(
    "url",
    [b"/v1/algo/ann/echo?output=void", b"/v1/algo/a/echo/?timeout=3&output=Void", b"/v1/web/algo/a/echo?output=void",
     b"/v1/algo/ann/echo?output=%76oid", b"/v1/algo/ann/echo/batch", b"/v1/algo/ann/echo/1.2.*/batch/?timeout=3",
     f"/v1/algo/{ID}/batch".encode()],
)  # fmt: skip
def test_calls_that_may_wait_are_not_the_gateways(url: bytes) -> None:
    assert not is_call(url)
    assert is_for_slots(url)


@pytest.mark.parametrize(
    ("url", "open_to_slots"),
    [(b"/v1/calls", True), (b"/v1/calls?limit=3", True), (b"/v1/calls/req-1", True), (b"/v1/batches/1", True),
     (b"/v1/callsigns", False), (b"/v1/algorithms", False), (b"/", False), (b"/v1/organizations/x/calls", False)],
)  # fmt: skip
def test_what_slots_may_ask_for(url: bytes, open_to_slots: bool) -> None:
    assert is_for_slots(url) == open_to_slots


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (b"/ann/echo", Address("ann", "echo", "")),
        (b"/ann/echo/", Address("ann", "echo", "")),
        (b"/Ann/Echo/latest", Address("Ann", "Echo", "latest")),
        (b"/ann/echo/1.2.3", Address("ann", "echo", "1.2.3")),
        (b"/ann/echo/1.2.*", Address("ann", "echo", "1.2.*")),
        (b"/ann/echo/1.x/", Address("ann", "echo", "1.x")),
        (b"/ann/echo/" + b"a" * 64, Address("ann", "echo", "a" * 64)),
        (b"/ann%2Fecho", Address("ann", "echo", "")),
        (ID.encode(), Address("", ID, "")),
        (f"/{ID}/1.2/".encode(), Address("", ID, "1.2")),
    ],
)
def test_addresses(path: bytes, address: Address) -> None:
    assert read_address(path) == address


@pytest.mark.parametrize(
    "path",
    [b"", b"/", b"/ann", b"//echo", b"/ann/1echo", b"/ann/ec-ho", b"/ann/echo/1/2", b"/ann/../echo", b"/ann/%ff",
     b"/ann/a\xff", b"/ann/echo/" + b"1" * 65, b"/ann/echo\n", b"/ann/echo%0a", b"/ann/echo//", b"/ann/" + b"a" * 65],
)  # fmt: skip
def test_what_no_algorithm_is_called(path: bytes) -> None:
    with pytest.raises(UnknownAlgorithm):
        read_address(path)


def test_the_field_is_the_same_in_any_case() -> None:
    assert Address("Ann", "Echo", "").field == "ann/echo"
    assert Address("", ID, "").field == ID.lower()


def test_an_address_as_text() -> None:
    assert str(Address("Ann", "Echo", "1.x")) == "Ann/Echo/1.x"
    assert str(Address("", ID, "")) == ID


def test_the_query_is_split_off() -> None:
    assert split_url(b"/v1/algo/ann/echo?timeout=3") == (b"/ann/echo", b"timeout=3")
    assert split_url(b"/v1/web/algo/ann/echo?timeout=3") == (b"/ann/echo", b"timeout=3")
    assert is_web(b"/v1/web/algo/ann/echo")
    assert not is_web(b"/v1/algo/ann/echo")


@pytest.mark.parametrize(
    ("query", "options"),
    [
        (b"", Options()),
        (b"timeout=10", Options(timeout=10)),
        (b"output=raw", Options(output="raw")),
        (b"output=default&stdout=False", Options()),
        (b"output=Raw", Options(output="raw")),
        (b"stdout=TRUE&timing=1", Options(stdout=True, timing=True)),
        (b"stdout=&timing=FALSE", Options()),
        (b"output=", Options()),
        (b"unknown=%00&timeout=3000", Options(timeout=3000)),
    ],
)
def test_options(query: bytes, options: Options) -> None:
    assert read_options(query) == options


@pytest.mark.parametrize(
    "query", [b"timeout=", b"timeout=0", b"timeout=-1", b"timeout=1.5", b"timeout=3001", b"timeout=" + b"9" * 5000,
              b"timeout=0000000013001", b"timeout=000000001" + b"9" * 5000,
              b"timeout=%D9%A3", b"output=void", b"output=r", b"stdout=maybe",
              b"timing=2"],
)  # fmt: skip
def test_options_that_cannot_be_right(query: bytes) -> None:
    with pytest.raises(BadRequest):
        read_options(query)
