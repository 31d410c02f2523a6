"""A builder that is killed in the middle of a build, on a running platform."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.builds.author import Author
from tests.platform import RunningPlatform

SLOW = "x = 1\n" * 300_000 + "def apply(input):\n    return input\n"
"""Takes some seconds to be parsed."""
SECONDS = 90.0


@pytest.fixture
def author(platform: RunningPlatform) -> Iterator[Author]:
    with Author(platform) as author:
        yield author


def test_a_build_whose_builder_is_killed_is_built_all_the_same(platform: RunningPlatform, author: Author) -> None:
    author.create("killed", "python3")
    build = author.upload("killed", {"src/killed.py": SLOW})
    wait_until_building(author, "killed", build)
    os.kill(int((platform.home / "run" / "builder.pid").read_text()), signal.SIGKILL)
    found = author.build("killed", build)
    assert (found["state"], found["version_info"]) == ("building", None)
    assert author.wait("killed", build)["state"] == "succeeded"
    assert author.log("killed", build).count("Unpacking the source") == 1  # of the second attempt alone
    assert author.call("killed", author.publish("killed", build), 7) == 7
    assert not (platform.home / "builds" / build).exists()


def test_a_build_is_cancelled_while_it_goes_on(platform: RunningPlatform, author: Author) -> None:
    author.create("cancelled", "python3")
    build = author.upload("cancelled", {"src/cancelled.py": SLOW})
    wait_until_building(author, "cancelled", build)
    began = time.monotonic()
    assert author.cancel("cancelled", build)["state"] == "cancelled"
    while (platform.home / "builds" / build).exists():
        assert time.monotonic() - began < SECONDS
        time.sleep(0.1)
    assert author.build("cancelled", build)["state"] == "cancelled"


def wait_until_building(author: Author, name: str, build: str) -> None:
    """Until a builder has begun."""
    deadline = time.monotonic() + SECONDS
    while author.build(name, build)["state"] != "building":
        assert time.monotonic() < deadline
        time.sleep(0.02)
