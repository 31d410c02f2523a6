"""What a caller does wrong is told in one clear sentence, with the right status: never a 500, never a stack trace."""

import time

import httpx
import pytest

from tests.integration.gateway_edges.raw_http import Answer, request_bytes, send
from tests.platform import RunningPlatform

HELLO = b"/v1/algo/agora/hello"
REVOCATION_SECONDS = 1.0


def check_error(answer: Answer, *statuses: int) -> str:
    """Checks the shape; returns the message."""
    assert answer.status in statuses, (answer.status, answer.body[:500])
    error = answer.error()
    assert set(error) >= {"message", "error_type"}, error
    assert isinstance(error["error_type"], str)
    message = error["message"]
    assert isinstance(message, str)
    assert 5 < len(message) < 300
    assert b"Traceback" not in answer.body
    assert b".py" not in answer.body
    return message


def test_a_right_call_is_answered(platform: RunningPlatform) -> None:
    answer = send(platform.address, request_bytes(b"POST", HELLO, platform.demo_key, b'"world"'))
    assert answer.status == 200
    assert b'"result"' in answer.body


def test_no_key(platform: RunningPlatform) -> None:
    message = check_error(send(platform.address, request_bytes(b"POST", HELLO, None)), 401)
    assert "authorization required" in message.lower()


@pytest.mark.parametrize(
    "key", ["sim" + "x" * 25, "x", "sim", "Bearer a.b.c", "é" * 28, "sim" + "x" * 5000, "' OR 1=1 --"]
)
def test_a_wrong_key(platform: RunningPlatform, key: str) -> None:
    check_error(send(platform.address, request_bytes(b"POST", HELLO, key)), 401)


@pytest.mark.parametrize("value", ["", "Simple", "Simple ", "Basic ZGVtbzpkZW1v", "Simple  ", "\tSimple\t"])
def test_a_broken_authorization(platform: RunningPlatform, value: str) -> None:
    request = request_bytes(b"POST", HELLO, None, Authorization=value)
    check_error(send(platform.address, request), 401)


def test_a_revoked_key_stops_working_within_a_second(platform: RunningPlatform) -> None:
    with httpx.Client(base_url=platform.address, headers={"Authorization": f"Simple {platform.demo_key}"}) as client:
        keys = f"/v1/organizations/{platform.demo_username}/keys"
        made = client.post(keys, json={"name": "To be revoked"}).raise_for_status().json()
        key = made["key"]
        assert send(platform.address, request_bytes(b"POST", HELLO, key)).status == 200
        client.delete(f"{keys}/{made['id']}").raise_for_status()
    deadline = time.monotonic() + REVOCATION_SECONDS
    while (answer := send(platform.address, request_bytes(b"POST", HELLO, key))).status == 200:
        assert time.monotonic() < deadline, "the key still works"
        time.sleep(0.02)
    check_error(answer, 401)


@pytest.mark.parametrize(
    "target",
    [
        b"/v1/algo/agora/nothing_like_it",
        b"/v1/algo/nobody/hello",
        b"/v1/algo/agora/hello/99.0.0",
        b"/v1/algo/agora/hello/1.2.3.4",
        b"/v1/algo/agora/hello/latest-ish",
        b"/v1/algo/agora/hello/" + b"f" * 64,
        b"/v1/algo/agora/he%6Clo%00",
        b"/v1/algo/agora/hello/1.0.0/more",
        b"/v1/algo/agora/",
        b"/v1/algo/agora",
        b"/v1/algo/",
        b"/v1/algo",
        b"/v1/algo//hello",
        b"/v1/algo/agora/../hello",
        b"/v1/algo/agora/hello/../../../etc/passwd",
        b"/v1/algo/agora/..%2f..%2fetc%2fpasswd",
        b"/v1/algo/../algo/nothing/nothing",
        b"/v1/algo/agora/%",
        b"/v1/algo/agora/%zz",
        b"/v1/algo/agora/%ff%fe",
        b"/v1/algo/agora/%00",
        b"/v1/algo/agora/hello%0d%0aX-Injected:%201",
        b"/v1/algo/agora/" + b"a" * 5000,
        b"/v1/algo/agora/%E2%80%AEhello",
    ],
)
def test_an_address_of_no_algorithm(platform: RunningPlatform, target: bytes) -> None:
    answer = send(platform.address, request_bytes(b"POST", target, platform.demo_key))
    check_error(answer, 400, 404)
    assert b"x-injected" not in answer.headers.lower()


def test_a_missing_algorithm_is_named(platform: RunningPlatform) -> None:
    answer = send(platform.address, request_bytes(b"POST", b"/v1/algo/agora/nothing_like_it", platform.demo_key))
    assert "algo://agora/nothing_like_it not found" in check_error(answer, 404)


@pytest.mark.parametrize("target", [b"/v1/algo/agora/\x00hello", b"/v1/algo/agora/hel\xfflo", b"/v1/algo/a b/c"])
def test_bytes_that_no_address_may_have(platform: RunningPlatform, target: bytes) -> None:
    answer = send(platform.address, request_bytes(b"POST", target, platform.demo_key))
    assert answer.status in {400, 404}
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1,", b"nul", b'{"a":1}}', b"\xff\xfe", b'"\xff"', b"'single'", b"NaN", b"\x00", b"[" * 100_000],
)
def test_malformed_json(platform: RunningPlatform, body: bytes) -> None:
    message = check_error(send(platform.address, request_bytes(b"POST", HELLO, platform.demo_key, body)), 400)
    assert "json" in message.lower()


@pytest.mark.parametrize("query", [b"timeout=x", b"timeout=-1", b"timeout=0", b"timeout=99999", b"output=sideways"])
def test_a_wrong_option(platform: RunningPlatform, query: bytes) -> None:
    answer = send(platform.address, request_bytes(b"POST", HELLO + b"?" + query, platform.demo_key))
    check_error(answer, 400)


@pytest.mark.parametrize(
    "content_type", ["application/xml", "image/png", "multipart/form-data; boundary=x", "nonsense"]
)
def test_a_wrong_content_type(platform: RunningPlatform, content_type: str) -> None:
    request = request_bytes(b"POST", HELLO, platform.demo_key, Content_Type=content_type)
    check_error(send(platform.address, request), 400, 415)


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"DELETE", b"PATCH"])
def test_a_wrong_method(platform: RunningPlatform, method: bytes) -> None:
    answer = send(platform.address, request_bytes(method, HELLO, platform.demo_key))
    check_error(answer, 405)
    assert b"allow:" in answer.headers.lower()


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_100_mebibytes(platform: RunningPlatform, declared: bool) -> None:
    size = 100 * 1024 * 1024
    if declared:
        request = request_bytes(b"POST", HELLO, platform.demo_key, b'"' + b"x" * (size - 2) + b'"')
    else:
        head = request_bytes(b"POST", HELLO, platform.demo_key, b"", Transfer_Encoding="chunked")
        head = head.replace(b"Content-Length: 0\r\n", b"")
        request = head + (b"100000\r\n" + b"x" * 0x100000 + b"\r\n") * 100 + b"0\r\n\r\n"
    started = time.monotonic()
    message = check_error(send(platform.address, request), 413)
    assert "10" in message
    assert time.monotonic() - started < 20
    assert send(platform.address, request_bytes(b"POST", HELLO, platform.demo_key)).status == 200


@pytest.mark.parametrize(("name", "size"), [("X-Much", 100_000), ("X-More", 1_000_000), ("Cookie", 300_000)])
def test_huge_headers(platform: RunningPlatform, name: str, size: int) -> None:
    request = request_bytes(b"POST", HELLO, platform.demo_key, **{name: "x" * size})
    answer = send(platform.address, request)
    assert answer.status in {400, 431}
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize(
    "request_text",
    [b"\x00\x01\x02\r\n\r\n", b"POST\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nbad header\r\n\r\n"],
)
def test_what_is_not_http(platform: RunningPlatform, request_text: bytes) -> None:
    answer = send(platform.address, request_text)
    assert answer.status in {400, 505}
    assert b"Traceback" not in answer.body


@pytest.mark.parametrize("path", ["/v1/nothing", "/nothing", "/v1/algorithms/nobody/nothing", "/static/../settings.py"])
def test_other_addresses(platform: RunningPlatform, path: str) -> None:
    answer = send(platform.address, request_bytes(b"GET", path.encode(), platform.demo_key, b""))
    assert answer.status == 404
    assert b"Traceback" not in answer.body


def test_everything_still_works_afterwards(platform: RunningPlatform) -> None:
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    with httpx.Client(base_url=platform.address, headers=headers) as client:
        assert client.post("/v1/algo/agora/hello", json="world").status_code == 200
