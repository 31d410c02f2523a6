"""`{% load pages %}`: what templates of every area use."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.forms import BoundField, Select, Textarea
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from marketplace.web import assets, figures
from marketplace.web.mosaic import draw_mosaic

register = template.Library()


@register.simple_tag
def main_assets() -> SafeString:
    """Styles, font and script of every page."""
    return assets.main_assets()


@register.simple_tag
def page_script(entry: str) -> SafeString:
    """One more script: `{% page_script "src/scripts/console.ts" %}`."""
    return assets.script_tags(entry)


@register.simple_tag
def page_style(entry: str) -> SafeString:
    """One more style sheet: `{% page_style "src/styles/admin.css" %}`."""
    return assets.style_tag(entry)


@register.simple_tag
def credits_per_dollar() -> str:
    """What a US dollar buys: `10,000`."""
    return f"{settings.CREDITS_PER_DOLLAR:,}"


@register.filter
def get(values: Mapping[Any, Any], name: object) -> Any:
    """What stands there under that name; None for nothing."""
    return values.get(name)


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A picture of static/icons.svg, for the eye only: give the button a name of its own."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>', classes, assets.icon_url(name)
    )


@register.simple_tag
def mosaic(name: str, classes: str = "") -> SafeString:
    """The picture of an algorithm or an owner, made from its name."""
    return draw_mosaic(name, classes)


@register.simple_tag
def control(field: BoundField, help_text: str = "") -> SafeString:
    """A form's input in our dress: no placeholder, and with its help and errors read out where it has the focus."""
    widget = field.field.widget
    dress = "select" if isinstance(widget, Select) else "textarea" if isinstance(widget, Textarea) else "input"
    notes = [f"{field.auto_id}_helptext"] if help_text else []
    notes += [f"{field.auto_id}_error"] if field.errors else []
    attributes: dict[str, object] = {"class": dress, "placeholder": False}
    return field.as_widget(attrs=attributes | ({"aria-describedby": " ".join(notes)} if notes else {}))


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: object) -> str:
    """This page's query string with some parameters changed; an empty value takes one away."""
    request: HttpRequest = context["request"]
    parameters = {name: value for name, value in request.GET.items() if value and name not in changes}
    parameters |= {name: str(value) for name, value in changes.items() if value not in (None, "")}
    return f"?{urlencode(parameters)}" if parameters else request.path


@register.filter
def moment(at: datetime | None) -> str:
    """For the attribute `datetime` of <time>, which takes no microseconds: `2026-11-26T03:00:00+00:00`."""
    return at.isoformat(timespec="seconds") if at else ""


@register.filter
def breakable(name: str) -> SafeString:
    """A name that may go on in the next line after each underscore."""
    return format_html_join(mark_safe("_<wbr>"), "{}", ((part,) for part in name.split("_")))


register.filter("credits", figures.format_credits)
register.filter("dollars", figures.format_cents)
register.filter("compact", figures.format_compact)
register.filter("duration", figures.format_duration)
register.filter("bytes", figures.format_bytes)
