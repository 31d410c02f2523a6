"""Pictures for things that have none: a mosaic of quarter circles, laid by the name. Pure."""

import hashlib
from collections.abc import Iterator

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

HUES = 8
SIDE = 3
TILE = 10
QUARTERS = (
    "M{x} {y}h10a10 10 0 0 1-10 10z",
    "M{r} {y}v10a10 10 0 0 1-10-10z",
    "M{r} {b}h-10a10 10 0 0 1 10-10z",
    "M{x} {b}v-10a10 10 0 0 1 10 10z",
)
"""A quarter of a disc about each corner of a tile: `x`, `y` its left and top, `r`, `b` its right and bottom."""
SQUARE = "M{x} {y}h10v10h-10z"


def draw_mosaic(name: str, classes: str = "") -> SafeString:
    """The same picture for the same name in any case, as an SVG without a name: it stands beside one."""
    digest = hashlib.sha256(name.lower().encode()).digest()
    dark, light = _lay(digest)
    return format_html(
        '<svg class="mosaic hue-{} {}" viewBox="0 0 30 30" aria-hidden="true">'
        '<path class="tile-light" fill="currentColor" d="{}"/><path fill="currentColor" d="{}"/></svg>',
        digest[0] % HUES,
        classes,
        light,
        dark,
    )


def _lay(digest: bytes) -> tuple[SafeString, SafeString]:
    dark, light = [], []
    for (x, y), byte in zip(_places(), digest[1:], strict=False):
        shape = SQUARE if byte % 9 == 0 else QUARTERS[byte % 4]
        (dark if byte & 0x40 else light).append(shape.format(x=x, y=y, r=x + TILE, b=y + TILE))
    return mark_safe("".join(dark)), mark_safe("".join(light))  # noqa: S308 - numbers only


def _places() -> Iterator[tuple[int, int]]:
    return ((column * TILE, row * TILE) for row in range(SIDE) for column in range(SIDE))
