"""`{% load monitor %}`: figures of what runs."""

from django import template

from marketplace.web.figures import NOTHING, format_duration

register = template.Library()


@register.filter
def seconds(value: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`."""
    return format_duration(round(value * 1e6))


@register.filter
def processors(value: float | None) -> str:
    """How many processors were busy, as `top` says it: `98 %`, `200 %`."""
    return NOTHING if value is None else f"{100 * value:.0f} %"
