"""Bars of minutes, hours or days, in units of their picture. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HEIGHT = 100
BAR_WIDTH = 22
BAR_STEP = 30
SMALLEST = 2.0
"""A bar with anything in it can be seen."""


@dataclass(frozen=True)
class Bar:
    """One span of time: `low` is the part of `value` that is drawn in the colour of failure."""

    name: str
    value: int
    low: int
    x: int
    y: float
    height: float
    low_height: float

    @property
    def low_y(self) -> float:
        """Where the failed part starts."""
        return HEIGHT - self.low_height


@dataclass(frozen=True)
class Chart:
    """Bars for spans of time, oldest first; `most` is the value of the highest."""

    bars: list[Bar]
    most: int

    @property
    def width(self) -> int:
        """Of the picture, whose height is HEIGHT."""
        return max(1, len(self.bars) * BAR_STEP - (BAR_STEP - BAR_WIDTH))

    @property
    def height(self) -> int:
        """Of the picture."""
        return HEIGHT

    @property
    def bar_width(self) -> int:
        """Of every bar."""
        return BAR_WIDTH


def make_chart(spans: Sequence[tuple[str, int, int]]) -> Chart:
    """A chart of (name, value, the failed part of the value)."""
    most = max((value for _, value, _ in spans), default=0)
    return Chart([_make_bar(number, *span, most) for number, span in enumerate(spans)], most)


def name_day(day: date) -> str:
    """As `3 Jun`."""
    return f"{day.day} {day:%b}"


def _make_bar(number: int, name: str, value: int, low: int, most: int) -> Bar:
    height = _scale(value, most)
    low_height = min(height, _scale(low, most))
    return Bar(name, value, low, number * BAR_STEP, HEIGHT - height, height, low_height)


def _scale(value: int, most: int) -> float:
    return max(SMALLEST, round(value * HEIGHT / most, 1)) if value else 0.0
