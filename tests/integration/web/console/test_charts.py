"""Bars of spans of time, in units of their picture."""

from datetime import date

from marketplace.web.console.charts import HEIGHT, SMALLEST, make_chart, name_day

DAY = name_day(date(2026, 6, 3))


def test_the_highest_bar_is_as_high_as_the_picture() -> None:
    chart = make_chart([(DAY, 0, 0), (DAY, 50, 10), (DAY, 200, 0)])
    assert [bar.height for bar in chart.bars] == [0, 25, HEIGHT]
    assert [bar.y for bar in chart.bars] == [HEIGHT, 75, 0]
    assert (chart.bars[1].low_height, chart.bars[1].low_y, chart.most) == (5, 95, 200)
    assert {bar.name for bar in chart.bars} == {"3 Jun"}
    assert chart.width == chart.bars[-1].x + chart.bar_width


def test_little_can_be_seen_and_nothing_cannot() -> None:
    little, _ = make_chart([(DAY, 1, 1), (DAY, 100_000, 0)]).bars
    assert (little.height, little.low_height) == (SMALLEST, SMALLEST)
    assert make_chart([(DAY, 0, 0)]).bars[0].height == 0
    assert make_chart([]).width == 1
