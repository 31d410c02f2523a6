"""Paints pictures of fruit and vegetables: every one different, every one repeatable from its random generator."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 96
SCALE = 2
"""Painted this many times larger, then reduced: smooth edges."""
CANVAS = SIZE * SCALE
Points: TypeAlias = list[tuple[float, float]]
Colour: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class Thing:
    """One kind of fruit or vegetable: an outline (radius at an angle, 1 is full size), colours, and its details."""

    outline: Callable[[float], float]
    colours: tuple[Colour, ...]
    stretch: tuple[float, float]
    detail: str = ""


def _round(_: float) -> float:
    return 1.0


def _apple(angle: float) -> float:
    return 1.0 - 0.28 * math.exp(-((angle - 1.5 * math.pi) ** 2) / 0.10) + 0.04 * math.cos(3 * angle)


def _pear(angle: float) -> float:
    return 0.80 + 0.26 * math.sin(angle) - 0.12 * math.cos(2 * angle)


def _lemon(angle: float) -> float:
    return 0.82 + 0.30 * abs(math.cos(angle)) ** 9


def _strawberry(angle: float) -> float:
    return 0.86 + 0.20 * math.exp(-((angle - 0.5 * math.pi) ** 2) / 0.25) - 0.06 * math.cos(2 * angle)


def _carrot(angle: float) -> float:
    return 0.45 + 0.60 * abs(math.cos(angle)) ** 2 - 0.28 * math.cos(angle)


def _broccoli(angle: float) -> float:
    return 0.86 + 0.10 * math.cos(9 * angle) + 0.05 * math.cos(14 * angle + 1)


def _tomato(angle: float) -> float:
    return 0.96 + 0.05 * math.cos(5 * angle)


def _aubergine(angle: float) -> float:
    return 0.80 + 0.22 * math.cos(angle) + 0.05 * math.cos(2 * angle)


def _pepper(angle: float) -> float:
    return 0.85 + 0.12 * math.cos(4 * angle + 0.6) + 0.07 * math.sin(angle)


FRUIT: dict[str, Thing] = {
    "apple": Thing(_apple, ((196, 28, 38), (150, 190, 60), (212, 60, 50)), (1.0, 0.95), "stem"),
    "banana": Thing(_round, ((244, 208, 63), (235, 220, 90)), (1.0, 0.32), "banana"),
    "lemon": Thing(_lemon, ((250, 231, 60), (240, 235, 95)), (1.0, 0.78), "speckles"),
    "orange": Thing(_round, ((244, 140, 24), (250, 155, 40)), (1.0, 0.97), "speckles"),
    "pear": Thing(_pear, ((186, 200, 70), (210, 196, 90)), (0.85, 1.05), "stem"),
    "strawberry": Thing(_strawberry, ((214, 24, 52), (226, 48, 60)), (0.88, 1.0), "seeds"),
}
VEGETABLES: dict[str, Thing] = {
    "aubergine": Thing(_aubergine, ((72, 30, 92), (56, 24, 70)), (1.05, 0.55), "cap"),
    "broccoli": Thing(_broccoli, ((58, 120, 50), (76, 138, 62)), (1.0, 0.85), "florets"),
    "carrot": Thing(_carrot, ((236, 118, 32), (228, 104, 44)), (1.1, 0.42), "fronds"),
    "cucumber": Thing(_round, ((62, 120, 50), (86, 140, 60)), (1.1, 0.30), "stripes"),
    "pepper": Thing(_pepper, ((210, 40, 36), (240, 190, 40), (70, 150, 60)), (0.85, 1.0), "pepper"),
    "tomato": Thing(_tomato, ((216, 48, 30), (228, 66, 40)), (1.0, 0.86), "calyx"),
}


def paint(name: str, random: np.random.Generator) -> Image.Image:
    """A picture of `name`, with size, turn, place, colour, light, background, blur and noise left to chance."""
    thing = (FRUIT | VEGETABLES)[name]
    item = _paint_item(thing, random)
    item = item.rotate(float(random.uniform(-180, 180)), resample=Image.Resampling.BICUBIC, expand=True)
    picture = _background(random)
    room = CANVAS - item.width, CANVAS - item.height
    place = tuple(int(free / 2 + random.uniform(-0.07, 0.07) * CANVAS) for free in room)
    _cast_shadow(picture, item, place, random)
    picture.paste(item, place, item)
    return _photograph(picture, random)


def _paint_item(thing: Thing, random: np.random.Generator) -> Image.Image:
    size = CANVAS * float(random.uniform(0.27, 0.38))
    item = Image.new("RGBA", (CANVAS, CANVAS))
    outline = _curved(size, random) if thing.detail == "banana" else _outline(thing, size, random)
    mask = Image.new("L", item.size)
    ImageDraw.Draw(mask).polygon(outline, fill=255)
    item.paste(_skin(thing, size, random), (0, 0), mask)
    DETAILS[thing.detail](item, mask, size, random)
    return item


def _outline(thing: Thing, size: float, random: np.random.Generator) -> Points:
    wide, high = (side * float(random.uniform(0.92, 1.08)) for side in thing.stretch)
    wobble, phase = float(random.uniform(0, 0.03)), float(random.uniform(0, 6))
    angles = [2 * math.pi * step / 120 for step in range(120)]
    radii = [size * (thing.outline(a) + wobble * math.sin(3 * a + phase)) for a in angles]
    middle = CANVAS / 2
    pairs = zip(radii, angles, strict=True)
    return [(middle + r * wide * math.cos(a), middle + r * high * math.sin(a)) for r, a in pairs]


def _curved(size: float, random: np.random.Generator) -> Points:
    """A banana: a bow that thins towards both ends."""
    bend, fat = float(random.uniform(0.30, 0.50)), float(random.uniform(0.20, 0.27))
    upper: Points = []
    lower: Points = []
    for step in range(41):
        t = step / 20 - 1
        x, y = CANVAS / 2 + 1.15 * size * t, CANVAS / 2 + size * bend * (1.6 * t * t - 0.8)
        half = size * (fat * (1 - t**4) + 0.035)
        upper.append((x, y - half))
        lower.append((x, y + half))
    return upper + lower[::-1]


def _skin(thing: Thing, size: float, random: np.random.Generator) -> Image.Image:
    """The colour, lit from one side as a rounded thing is, with a highlight."""
    base = np.array(thing.colours[int(random.integers(len(thing.colours)))]) + random.normal(0, 10, 3)
    turn = float(random.uniform(0, 2 * math.pi))
    y, x = (np.mgrid[0:CANVAS, 0:CANVAS] - CANVAS / 2) / size
    side = x * math.cos(turn) + y * math.sin(turn)
    light = 0.86 + 0.22 * side - 0.16 * (x**2 + y**2)
    spot = np.exp(-((x - 0.35 * math.cos(turn)) ** 2 + (y - 0.35 * math.sin(turn)) ** 2) / 0.03)
    shine = float(random.uniform(10, 70)) * spot
    return _image(base * light[..., None] + shine[..., None])


def _image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "RGB" if values.ndim == 3 else "L")


def _background(random: np.random.Generator) -> Image.Image:
    """A table or a wall: two colours that run into each other, with a grain."""
    grey = random.uniform(40, 235)
    start, end = (grey + random.normal(0, 16, 3) for _ in range(2))
    run = np.linspace(0, 1, CANVAS)[:, None, None] * np.ones((CANVAS, CANVAS, 1))
    grain = random.normal(0, float(random.uniform(2, 9)), (CANVAS // 4, CANVAS, 1)).repeat(4, axis=0)
    picture = _image(start * (1 - run) + end * run + grain[:CANVAS])
    return picture.rotate(90 * int(random.integers(4)))


def _cast_shadow(picture: Image.Image, item: Image.Image, place: tuple[int, ...], random: np.random.Generator) -> None:
    soft = item.getchannel("A").point(lambda alpha: alpha // 3).filter(ImageFilter.GaussianBlur(5 * SCALE))
    shift = int(random.uniform(2, 5) * SCALE)
    picture.paste((20, 20, 20), (place[0] + shift, place[1] + shift), soft)


def _photograph(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """The camera: exposure, colour of the light, blur, noise."""
    small = picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    small = small.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 1.0))))
    tint = random.uniform(0.72, 1.18) * random.normal(1, 0.04, 3)
    noise = random.normal(0, float(random.uniform(1, 8)), (SIZE, SIZE, 3))
    return _image(np.asarray(small, dtype=float) * tint + noise)


def _within(mask: Image.Image, random: np.random.Generator, count: int) -> Points:
    rows, columns = np.nonzero(np.asarray(mask))
    chosen = random.integers(len(rows), size=count)
    return [(float(columns[i]), float(rows[i])) for i in chosen]


def _dots(item: Image.Image, mask: Image.Image, random: np.random.Generator, count: int, colour: Colour) -> None:
    draw = ImageDraw.Draw(item)
    for x, y in _within(mask, random, count):
        draw.ellipse((x - SCALE, y - SCALE, x + SCALE, y + SCALE), fill=tuple(int(c) for c in colour))


def _stem(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    top, middle = mask.getbbox()[1], CANVAS / 2
    lean = float(random.uniform(-0.15, 0.15)) * size
    draw = ImageDraw.Draw(item)
    draw.line((middle, top + 0.22 * size, middle + lean, top - 0.12 * size), fill=(96, 66, 36), width=int(0.09 * size))
    if random.random() < 0.5:
        leaf = (middle, top - 0.10 * size, middle + 0.42 * size, top + 0.08 * size)
        draw.ellipse(leaf, fill=(84, 150, 60))


def _banana_ends(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    left, _, right, _ = mask.getbbox()
    edge = Image.new("L", item.size)
    draw = ImageDraw.Draw(edge)
    draw.rectangle((left, 0, left + 0.12 * size, CANVAS), fill=255)
    draw.rectangle((right - 0.10 * size, 0, right, CANVAS), fill=255)
    both = Image.composite(mask, Image.new("L", item.size), edge)
    item.paste((92, 74, 40), (0, 0), both)
    _dots(item, mask, random, int(random.integers(0, 14)), (120, 84, 40))


def _speckles(item: Image.Image, mask: Image.Image, _: float, random: np.random.Generator) -> None:
    red, green, blue = (channel / 1.12 for channel in item.getpixel((CANVAS // 2, CANVAS // 2))[:3])
    _dots(item, mask, random, 70, (red, green, blue))


def _seeds(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    _dots(item, mask, random, 60, (246, 214, 110))
    _calyx(item, mask, size, random)


def _calyx(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    """A green star on top."""
    x, y = CANVAS / 2, mask.getbbox()[1] + 0.16 * size
    reach = size * float(random.uniform(0.26, 0.36))
    star = []
    for step in range(10):
        radius = reach if step % 2 == 0 else 0.3 * reach
        star.append((x + radius * math.cos(step * math.pi / 5), y + 0.75 * radius * math.sin(step * math.pi / 5)))
    ImageDraw.Draw(item).polygon(star, fill=(70, 130, 48))


def _cap(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    left, middle = mask.getbbox()[0], CANVAS / 2
    draw = ImageDraw.Draw(item)
    high = float(random.uniform(0.17, 0.24)) * size
    draw.ellipse((left - 0.12 * size, middle - high, left + 0.22 * size, middle + high), fill=(86, 132, 60))
    draw.line((left - 0.30 * size, middle, left, middle), fill=(86, 132, 60), width=int(0.12 * size))


def _florets(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    draw = ImageDraw.Draw(item)
    middle = CANVAS / 2
    stalk = (middle - 0.2 * size, middle + 0.5 * size, middle + 0.2 * size, middle + 1.2 * size)
    draw.rectangle(stalk, fill=(150, 190, 110))
    for x, y in _within(mask, random, 90):
        radius = size * float(random.uniform(0.05, 0.11))
        shade = float(random.uniform(0.65, 1.25))
        fill = tuple(int(channel * shade) for channel in (60, 124, 52))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)


def _fronds(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    draw = ImageDraw.Draw(item)
    left, _, right, _ = mask.getbbox()
    middle = CANVAS / 2
    for _ in range(int(random.integers(5, 9))):
        end = (left - size * float(random.uniform(0.25, 0.5)), middle + size * float(random.uniform(-0.3, 0.3)))
        draw.line((left + 0.1 * size, middle, *end), fill=(70, 140, 50), width=int(0.06 * size))
    for share in random.uniform(0.15, 0.8, 6):
        x = left + (right - left) * float(share)
        draw.line((x, middle - 0.1 * size, x, middle + 0.05 * size), fill=(190, 84, 26), width=SCALE)


def _stripes(item: Image.Image, mask: Image.Image, size: float, random: np.random.Generator) -> None:
    overlay = item.copy()
    draw = ImageDraw.Draw(overlay)
    for offset in (-0.2, -0.07, 0.07, 0.2):
        y = CANVAS / 2 + offset * size
        draw.line((0, y, CANVAS, y), fill=(128, 176, 96, 255), width=int(0.035 * size))
    item.paste(overlay, (0, 0), mask)
    _dots(item, mask, random, 30, (44, 92, 38))


def _pepper_top(item: Image.Image, mask: Image.Image, size: float, _: np.random.Generator) -> None:
    overlay = item.copy()
    draw = ImageDraw.Draw(overlay)
    dark = tuple(int(0.72 * channel) for channel in item.getpixel((CANVAS // 2, CANVAS // 2))[:3])
    for side in (-0.32, 0.32):
        x = CANVAS / 2 + side * size
        draw.line((x, 0, x * 0.9 + CANVAS * 0.05, CANVAS), fill=(*dark, 255), width=int(0.06 * size))
    item.paste(overlay, (0, 0), mask)
    top = mask.getbbox()[1]
    ImageDraw.Draw(item).line(
        (CANVAS / 2, top + 0.15 * size, CANVAS / 2, top - 0.2 * size), fill=(66, 120, 44), width=int(0.16 * size)
    )


DETAILS: dict[str, Callable[[Image.Image, Image.Image, float, np.random.Generator], None]] = {
    "banana": _banana_ends,
    "calyx": _calyx,
    "cap": _cap,
    "florets": _florets,
    "fronds": _fronds,
    "pepper": _pepper_top,
    "seeds": _seeds,
    "speckles": _speckles,
    "stem": _stem,
    "stripes": _stripes,
}
