"""What runs now, followed by WebSocket on a running platform."""

import json

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.web.live.conftest import Open
from tests.platform import RunningPlatform


def test_a_member_sees_a_new_picture_again_and_again(open_live: Open, platform: RunningPlatform) -> None:
    headers = {"Authorization": f"Simple {platform.demo_key}"}
    httpx.post(f"{platform.address}/v1/algo/agora/hello", json="Ada", headers=headers, timeout=30).raise_for_status()
    with open_live("/live/monitor/demo") as connection:
        pictures = [json.loads(connection.recv(timeout=20))["html"] for _ in range(3)]
    assert all("Calls running" in html for html in pictures)
    assert not any("Machines" in html for html in pictures), "those are the operator's"


@pytest.mark.parametrize(
    ("path", "cookies", "code"),
    [("/live/monitor/demo", False, 4401), ("/live/monitor/agora", True, 4404), ("/live/monitor", True, 4403)],
)
def test_others_see_nothing(open_live: Open, path: str, cookies: bool, code: int) -> None:
    with open_live(path, cookies=cookies) as connection, pytest.raises(ConnectionClosed) as closed:
        connection.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == code
