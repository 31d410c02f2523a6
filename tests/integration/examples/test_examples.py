"""What every example's page promises, on the inputs that ship with it."""

import base64
import io
from collections.abc import Callable

import pytest
from PIL import Image

from tests.integration.examples.conftest import EXAMPLES, Refused, RunningExample, sample_bytes, sample_of

Run = Callable[[str], RunningExample]
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/agora.toml"))
CLASSIFIERS = ("fruit_or_vegetable", "fruit_classifier", "vegetable_classifier")
SMALL = 300 * 1024


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_what_its_page_shows(name: str) -> None:
    readme = (EXAMPLES / name / "README.md").read_text()
    assert readme.startswith("# ")
    assert "**Input**" in readme or "| input |" in readme
    assert "OUTPUT" not in readme
    assert sample_of(name)
    assert all(path.stat().st_size < SMALL for path in (EXAMPLES / name).rglob("*") if path.is_file())


def test_hello_greets(run_example: Run) -> None:
    assert run_example("hello").call(sample_of("hello")) == "Hello, world!"


def test_text_statistics_counts(run_example: Run) -> None:
    example = run_example("text_statistics")
    found = example.call(sample_of("text_statistics"))
    assert (found["words"], found["sentences"], found["reading_ease"]) == (23, 2, 81.1)
    assert found["keywords"][0] == {"word": "river", "count": 2}
    assert example.call("")["reading_ease"] is None
    assert example.call({"text": "Über die Brücke.\n\nNach Hause!", "keywords": 1})["paragraphs"] == 2


def test_text_statistics_says_what_it_wants(run_example: Run) -> None:
    example = run_example("text_statistics")
    for wrong in (7, None, {"text": "a", "keywords": True}, {"text": "a", "keywords": -1}):
        with pytest.raises(Refused) as refused:
            example.call(wrong)
        assert refused.value.kind == "ValueError"


def test_markdown_becomes_html(run_example: Run) -> None:
    example = run_example("markdown_to_html")
    html = example.call(sample_of("markdown_to_html"))
    assert "<h1>Shopping</h1>" in html
    assert '<td style="text-align:right">6</td>' in html
    assert example.call({"markdown": "a\nb", "breaks": True}) == "<p>a<br>\nb</p>\n"


def test_markdown_brings_no_script_into_a_page(run_example: Run) -> None:
    example = run_example("markdown_to_html")
    assert "<script" not in example.call("<script>alert(1)</script>")
    assert "href" not in example.call("[x](javascript:alert%281%29)")
    with pytest.raises(Refused, match="no option html"):
        example.call({"markdown": "x", "html": True})
    with pytest.raises(Refused, match="send Markdown as text"):
        example.call(None)


def test_thumbnails_fit_their_box(run_example: Run) -> None:
    example = run_example("image_thumbnail")
    assert picture_of(example.call(sample_of("image_thumbnail"))).size == (96, 72)
    assert picture_of(example.call(sample_bytes("image_thumbnail", "market.jpg"))).size == (128, 96)


def test_thumbnails_are_the_right_way_up(run_example: Run) -> None:
    lying = Image.new("RGB", (400, 200), "red")
    exif = lying.getexif()
    exif[0x112] = 6  # the camera was held upright
    content = io.BytesIO()
    lying.save(content, "JPEG", exif=exif)
    assert picture_of(run_example("image_thumbnail").call(content.getvalue())).size == (64, 128)


def test_thumbnails_keep_transparency_where_the_format_can(run_example: Run) -> None:
    content = io.BytesIO()
    Image.new("RGBA", (50, 20)).save(content, "PNG")
    request = {"image": base64.b64encode(content.getvalue()).decode()}
    example = run_example("image_thumbnail")
    for name, pixel in {"jpeg": (255, 255, 255), "png": (0, 0, 0, 0), "webp": (0, 0, 0, 0)}.items():
        small = picture_of(example.call(request | {"format": name}))
        assert (small.format, small.getpixel((5, 5))) == (name.upper(), pixel)


def test_image_thumbnail_says_what_it_wants(run_example: Run) -> None:
    example = run_example("image_thumbnail")
    good = sample_of("image_thumbnail")
    for wrong in (b"no picture", None, {"image": "%"}, good | {"width": 0}, good | {"format": "bmp"}):
        with pytest.raises(Refused) as refused:
            example.call(wrong)
        assert refused.value.kind == "PictureError"


def test_digits_are_read(run_example: Run) -> None:
    example = run_example("digit_reader")
    for name in ("1", "4", "5"):
        assert example.call(sample_bytes("digit_reader", f"{name}.jpg"))["digit"] == int(name)
    assert example.call(sample_of("digit_reader"))["candidates"] == [1, 8, 9]
    with pytest.raises(Refused, match="8 rows of 8"):
        example.call([[1, 2]])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers_know_their_samples(name: str, run_example: Run) -> None:
    example = run_example(name)
    for path in sorted((EXAMPLES / name / "samples").iterdir()):
        found = example.call(path.read_bytes())
        wanted = path.stem if path.stem in found["probabilities"] else {"orange": "fruit"}.get(path.stem, "vegetable")
        assert found["label"] == wanted
    with pytest.raises(Refused) as refused:
        example.call("not a picture")
    assert refused.value.kind == "PictureError"


def test_seefood_asks_the_others(run_example: Run) -> None:
    for name in CLASSIFIERS:
        run_example(name)
    seefood = run_example("seefood")
    for path in sorted((EXAMPLES / "seefood" / "samples").iterdir()):
        assert seefood.call(path.read_bytes())["label"] == path.stem
    assert seefood.call(sample_of("seefood"))["asked"] == ["fruit_or_vegetable", "vegetable_classifier"]
    with pytest.raises(Refused) as refused:
        seefood.call(b"no picture")
    assert refused.value.kind == "PictureError"


def picture_of(content: object) -> Image.Image:
    assert isinstance(content, bytes)
    return Image.open(io.BytesIO(content))
