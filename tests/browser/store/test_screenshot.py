"""The picture of the store in the README: `make screenshots` takes it again."""

import io
import os
import time

import httpx
import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, expect

from tests.platform import EXAMPLES, RunningPlatform

PICTURE = settings.REPOSITORY / "docs" / "images" / "store.png"
SIZE = (1440, 900)
LARGEST_BYTES = 300_000
COLOURS = 256
SHOWN_SECONDS = 90.0
"""Pages keep figures for a minute."""


@pytest.mark.timeout(300)
def test_the_readme_shows_the_store(browser: Browser, platform: RunningPlatform) -> None:
    taking = bool(os.environ.get("AGORA_SCREENSHOTS"))
    if taking:
        call_examples(platform)
    packed = pack(take(browser, platform.address))
    if taking:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(packed)
    with Image.open(PICTURE) as shown:
        assert (shown.size, shown.format) == (SIZE, "PNG")
    assert PICTURE.stat().st_size < LARGEST_BYTES


def take(browser: Browser, address: str) -> bytes:
    """The first page, as a visitor with a light theme sees it."""
    width, height = SIZE
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="light", reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address)
    expect(page.locator(".algorithm-card")).not_to_have_count(0)
    page.evaluate("document.fonts.ready")
    picture = page.screenshot()
    context.close()
    return picture


def call_examples(platform: RunningPlatform) -> None:
    """Calls the examples, each more often than the next, and returns when pages show that."""
    with httpx.Client(base_url=platform.address, headers={"Authorization": f"Simple {platform.demo_key}"}) as client:
        for number, name in enumerate(EXAMPLES.split(",")):
            sample = client.get(f"/algorithms/agora/{name}/input.json").content
            for _ in range(60 // (number + 1)):
                answer = client.post(
                    f"/v1/algo/agora/{name}", content=sample, headers={"Content-Type": "application/json"}, timeout=60
                )
        assert answer.status_code == 200
        deadline = time.monotonic() + SHOWN_SECONDS
        while "calls in 30 days" not in client.get("/?q=no").text:
            assert time.monotonic() < deadline, "the calls were not recorded"
            time.sleep(1)


def pack(picture: bytes) -> bytes:
    """The picture with a palette: a third of the bytes, and the eye sees no difference."""
    packed = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(packed, "PNG", optimize=True)
    return packed.getvalue()
