"""The log of a build, followed by WebSocket on a running platform."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.integration.web.live.conftest import Open
from tests.platform import RunningPlatform

StartBuild = Callable[[str], tuple[str, str]]


def read_all(connection: ClientConnection) -> tuple[list[dict[str, Any]], int]:
    """What it says until it closes, and with which code."""
    parts = []
    try:
        while True:
            parts.append(json.loads(connection.recv(timeout=60)))
    except ConnectionClosed as closed:
        return parts, closed.rcvd.code if closed.rcvd else 0


def test_a_build_is_followed_to_its_end(open_live: Open, start_build: StartBuild, session: httpx.Client) -> None:
    page, live = start_build("followed")
    with open_live(live) as connection:
        parts, code = read_all(connection)
    assert code == 1000
    assert parts[-1]["state"] == "succeeded"
    assert parts[-1]["over"]
    text = "".join(part["text"] for part in parts)
    assert text.startswith("Unpacking the source\n")
    assert text.endswith("MiB\n")
    assert "Unpacking the source" in session.get(page).text


def test_a_page_goes_on_where_it_was(open_live: Open, start_build: StartBuild) -> None:
    _, live = start_build("resumed")
    with open_live(live) as connection:
        parts, _ = read_all(connection)
    text = "".join(part["text"] for part in parts)
    with open_live(f"{live}?from=10&attempt=1") as connection:
        again, code = read_all(connection)
    assert ("".join(part["text"] for part in again), again[0]["start"], code) == (text[10:], 10, 1000)
    with open_live(f"{live}?from=10&attempt=7") as connection:  # of an attempt that is no more
        whole, _ = read_all(connection)
    assert ("".join(part["text"] for part in whole), whole[0]["start"]) == (text, 0)


@pytest.mark.parametrize(
    ("path", "options", "code"),
    [
        ("{live}", {"cookies": False}, 4401),
        ("/live/builds/nobody/{build}", {}, 4404),
        ("{live}0", {}, 4404),
        ("/live/elsewhere", {}, 4404),
    ],
)
def test_strangers_learn_nothing(
    open_live: Open, start_build: StartBuild, path: str, options: dict[str, Any], code: int
) -> None:
    _, live = start_build("hidden")
    with open_live(path.format(live=live, build=live.rpartition("/")[2]), **options) as connection:
        assert read_all(connection) == ([], code)


def test_pages_of_other_sites_get_nothing(open_live: Open, start_build: StartBuild, platform: RunningPlatform) -> None:
    _, live = start_build("hidden")
    for origin in ("https://example.org", "null", platform.address + "0"):
        with pytest.raises(InvalidStatus, match="403"), open_live(live, origin=origin):
            pass


def test_nothing_else_is_upgraded(open_live: Open) -> None:
    with pytest.raises(InvalidStatus, match="404"), open_live("/nowhere"):
        pass


def test_who_talks_is_told_once_that_nobody_listens(
    open_live: Open, start_build: StartBuild, platform: RunningPlatform
) -> None:
    """Even who says much at once: closing twice was an error of the server's."""
    _, live = start_build("talkative")
    log = platform.home / "logs" / "web.log"
    errors = log.read_text().count("Exception in ASGI")
    with open_live(live) as connection:
        for _ in range(20):
            connection.send("hello")
        _, code = read_all(connection)
    assert code == 4400
    assert log.read_text().count("Exception in ASGI") == errors
