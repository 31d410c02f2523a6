"""The console of an algorithm's page, calling for real: gateway, slot, meter, balance."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from marketplace.cli.credentials import Credentials
from marketplace.cli.manifest import read_manifest
from marketplace.cli.platform_client import Platform
from marketplace.cli.publish import publish_folder
from tests.platform import RunningPlatform

HELLO = "/algorithms/agora/hello"
FRUIT = "/algorithms/agora/fruit_classifier"
SAMPLES = settings.REPOSITORY / "docs" / "examples" / "fruit_classifier" / "samples"
ANSWERED_MS = 30_000
"""A first call may start a slot, on a machine that other tests use too."""

SHAPED = """
name = "shaped"
environment = "python3"
sample.input = '{"image": "PICTURE"}'

[schema.input]
type = "object"
required = ["image"]
properties.image = { type = "string", description = "A picture." }
properties.width = { type = "integer", minimum = 1, maximum = 2048, default = 128 }
properties.format = { enum = ["jpeg", "png"] }
"""
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
"""A white dot."""

Open = Callable[[str], Page]


def result_of(page: Page) -> str:
    """The answer of the call that was just made."""
    expect(page.locator("#console-result")).to_be_visible(timeout=ANSWERED_MS)
    expect(page.locator("[data-result]")).not_to_have_class(re.compile("stale"), timeout=ANSWERED_MS)
    return page.locator("#console-result").inner_text()


def run(page: Page) -> str:
    page.get_by_role("button", name="Run").click()
    return result_of(page)


def publish(platform: RunningPlatform, folder: Path) -> str:
    """`owner/name`"""
    with Platform(Credentials(address=platform.address, key=platform.demo_key)) as client:
        return publish_folder(client, folder, read_manifest(folder), echo=lambda _: None).reference


def fact(page: Page, name: str) -> str:
    """A figure under the console."""
    return page.locator("[data-facts] > div", has_text=name).locator("dd").inner_text()


def credits_of(text: str) -> Decimal:
    return Decimal(text.removesuffix(" credits").replace(",", ""))


def test_a_call_is_answered_timed_and_paid(signed_in: Open) -> None:
    page = signed_in(HELLO)
    before = credits_of(fact(page, "Your balance"))
    page.get_by_label("Input", exact=True).fill('"Grace"')
    assert "Hello, Grace!" in run(page)
    assert re.fullmatch(r"[\d.]+ m?s", fact(page, "Round trip"))
    assert re.fullmatch(r"[\d.]+ m?s", fact(page, "Ran"))
    assert "credits" in fact(page, "Cost")
    assert credits_of(fact(page, "Your balance")) <= before
    assert len(page.locator("[data-facts] [title]").first.get_attribute("title") or "") == 36
    page.get_by_role("button", name="Copy the result").click()
    assert "Grace" in page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("button", name="Copy the call's id").click()
    assert re.fullmatch(r"[0-9a-f-]{36}", page.evaluate("navigator.clipboard.readText()"))


def test_the_keyboard_is_enough(signed_in: Open) -> None:
    page = signed_in(HELLO)
    page.get_by_label("Input", exact=True).focus()
    page.keyboard.press("Control+a")
    page.keyboard.type('"Ada"')
    page.keyboard.press("Control+Enter")
    assert "Ada" in result_of(page)
    page.keyboard.press("Control+a")
    page.keyboard.type('"Alan"')
    while page.evaluate("!document.activeElement.matches('[data-run]')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#console-result")).to_contain_text("Alan", timeout=ANSWERED_MS)
    expect(page.locator("[data-run]")).to_be_enabled()


def test_what_is_not_json_is_explained_and_not_sent(signed_in: Open) -> None:
    page = signed_in(HELLO)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_label("Input", exact=True).fill("Ada")
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".failure")).to_contain_text("The input is not JSON")
    assert not [address for address in requests if "/v1/" in address or "token" in address]
    page.get_by_text("Text", exact=True).click()
    assert "Ada" in run(page)
    page.get_by_role("button", name="Sample again").click()
    expect(page.get_by_label("JSON", exact=True)).to_be_checked()


def test_an_error_of_the_algorithm_is_shown_and_costs_its_time_alone(signed_in: Open) -> None:
    page = signed_in(FRUIT)
    before = fact(page, "Your balance")
    page.get_by_label("Input", exact=True).fill('{"image": "no picture"}')
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".failure .badge")).to_have_text("PictureError", timeout=ANSWERED_MS)
    expect(page.locator(".failure p")).to_contain_text("not a picture that can be read")
    assert credits_of(fact(page, "Cost")) < 1, "a second's price at most, and no royalty"
    assert credits_of(fact(page, "Your balance")) <= credits_of(before)
    expect(page.get_by_role("button", name="Copy the result")).to_be_hidden()


def test_a_picture_is_sent_and_can_be_changed(signed_in: Open) -> None:
    page = signed_in(FRUIT)
    expect(page.get_by_role("img", name="Picture 1 of the input")).to_be_visible()
    assert "picture:1" in page.get_by_label("Input", exact=True).input_value()
    first = run(page)
    for sample in SAMPLES.glob("*.jpg"):
        page.locator("[data-pictures] input[type=file]").set_input_files(sample)
        assert f'"{sample.stem}"' in run(page)
    assert "pear" in first or "strawberry" in first


def test_a_declared_input_is_a_form(signed_in: Open, platform: RunningPlatform, tmp_path: Path) -> None:
    (tmp_path / "agora.toml").write_text(SHAPED.replace("PICTURE", PICTURE))
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "shaped.py").write_text("def apply(input):\n    return input\n")
    page = signed_in(f"/algorithms/{publish(platform, tmp_path)}")
    editor, width = page.get_by_label("Input", exact=True), page.get_by_label("width optional")
    expect(page.get_by_label("image", exact=True)).to_have_value("picture:1")
    width.focus()
    page.keyboard.type("5000")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".failure")).to_contain_text("A field is not as it must be")
    width.fill("16")
    page.get_by_label("format optional").select_option(label="png")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".result-picture")).to_be_visible(timeout=ANSWERED_MS)
    expect(page.locator("#console-result")).to_contain_text('"format": "png"')
    page.get_by_text("JSON", exact=True).click()
    assert json.loads(editor.input_value()) == {"image": "picture:1", "width": 16, "format": "png"}
    editor.fill('{"image": "picture:1", "width": 8, "of_its_own": 1}')
    page.get_by_text("Form", exact=True).click()
    expect(width).to_have_value("8")
    page.get_by_text("JSON", exact=True).click()
    assert json.loads(editor.input_value())["of_its_own"] == 1
    editor.fill("[1]")
    page.get_by_text("Form", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("it stays JSON")
    expect(editor).to_have_value("[1]")


def test_a_stream_is_shown_as_it_comes(signed_in: Open, platform: RunningPlatform) -> None:
    probe = publish(platform, settings.REPOSITORY / "tests" / "algorithms" / "probe")
    page = signed_in(f"/algorithms/{probe}")
    values = ["Once ", "upon ", {"a": "time"}]
    page.get_by_label("Input", exact=True).fill(json.dumps({"do": "stream", "with": {"values": values, "pause": 2}}))
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#console-result")).to_have_text("Once ", timeout=ANSWERED_MS)
    expect(page.locator("[data-result]")).to_have_attribute("aria-busy", "true")
    expect(page.locator("#console-result")).to_have_text('Once upon {"a":"time"}\n', timeout=ANSWERED_MS)
    expect(page.locator("[data-result]")).to_have_attribute("aria-busy", "false", timeout=ANSWERED_MS)
    assert "credits" in fact(page, "Cost")
    page.get_by_label("Input", exact=True).fill(
        json.dumps({"do": "stream", "with": {"values": [1], "fail": "no more"}})
    )
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".failure")).to_contain_text("no more", timeout=ANSWERED_MS)
    expect(page.locator("#console-result")).to_have_text("1")


def test_a_file_is_sent_as_it_is(signed_in: Open) -> None:
    page = signed_in(HELLO)
    page.get_by_text("File", exact=True).click()
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".failure")).to_contain_text("Choose a file first")
    page.locator("[data-file]").set_input_files({"name": "name.txt", "mimeType": "text/plain", "buffer": b"Edsger"})
    expect(page.locator("[data-chosen]")).to_contain_text("6 B")
    page.get_by_role("button", name="Run").click()
    assert "Edsger" in result_of(page)


def test_a_page_that_was_left_open_says_so_when_the_session_is_over(signed_in: Open) -> None:
    page = signed_in(HELLO)
    page.context.clear_cookies()
    page.get_by_role("button", name="Run").click()
    expect(page.locator(".failure")).to_contain_text("You are signed out")


@pytest.mark.parametrize("language", ["curl", "javascript", "agora"])
def test_the_code_of_the_page_calls_too(page: Page, platform: RunningPlatform, language: str) -> None:
    page.goto(f"{platform.address}{HELLO}")
    code = page.locator(f"#code-{language}").text_content() or ""
    code = code.replace("YOUR_API_KEY", platform.demo_key)
    command = ["node", "--input-type=module", "-e", code] if language == "javascript" else ["bash", "-c", code]
    environ = {**platform.environ, "PATH": f"{Path(sys.executable).parent}:{platform.environ['PATH']}"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Hello" in ran.stdout
