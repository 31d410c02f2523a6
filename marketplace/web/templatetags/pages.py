"""`{% load pages %}`: what templates of every area use."""

from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
def icon(name: str, classes: str = "") -> SafeString:
    """A picture of static/icons.svg, for the eye only: give the button a name of its own."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>', classes, assets.icon_url(name)
    )


@register.simple_tag
def mosaic(name: str, classes: str = "") -> SafeString:
    """The picture of an algorithm or an owner, made from its name."""
    return draw_mosaic(name, classes)


@register.simple_tag(takes_context=True)
def query_with(context: template.Context, **changes: object) -> str:
    """This page's query string with some parameters changed; an empty value takes one away."""
    request: HttpRequest = context["request"]
    parameters = {name: value for name, value in request.GET.items() if value and name not in changes}
    parameters |= {name: str(value) for name, value in changes.items() if value not in (None, "")}
    return f"?{urlencode(parameters)}" if parameters else request.path


register.filter("credits", figures.format_credits)
register.filter("compact", figures.format_compact)
register.filter("duration", figures.format_duration)
register.filter("bytes", figures.format_bytes)
