"""The built front end, as pages refer to it."""

from functools import cache

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django_vite.core.asset_loader import DjangoViteAssetLoader
from django_vite.core.exceptions import DjangoViteAssetNotFoundError

MAIN = "src/scripts/main.ts"
FONT = "node_modules/@fontsource-variable/instrument-sans/files/instrument-sans-latin-wght-normal.woff2"


class FrontEndNotBuilt(Exception):
    """The operator: frontend/dist is not there, or is older than the pages."""

    def __init__(self) -> None:
        super().__init__(
            "The front end is not built: run `make up`, or `npm ci && npm run build` in frontend/, and start again."
        )


@cache
def main_assets() -> SafeString:
    """The tags that every page needs: the styles, their font, and the script. Raises FrontEndNotBuilt."""
    font = format_html('<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>', asset_url(FONT))
    return mark_safe(font + script_tags(MAIN))  # noqa: S308 - both are made of names in our own manifest


@cache
def script_tags(entry: str) -> SafeString:
    """The tags of one script of frontend/src/scripts, with the styles it imports. Raises FrontEndNotBuilt."""
    try:
        tags = DjangoViteAssetLoader.instance().generate_vite_asset(entry, "default")
    except DjangoViteAssetNotFoundError:
        raise FrontEndNotBuilt from None
    return mark_safe(tags)  # noqa: S308


def style_tag(entry: str) -> SafeString:
    """The tag of one more style sheet of frontend/src/styles. Raises FrontEndNotBuilt."""
    return format_html('<link rel="stylesheet" href="{}">', asset_url(entry))


def asset_url(source: str) -> str:
    """The address of one built file. Raises FrontEndNotBuilt."""
    try:
        return DjangoViteAssetLoader.instance().generate_vite_asset_url(source, "default")
    except DjangoViteAssetNotFoundError:
        raise FrontEndNotBuilt from None


def icon_url(name: str) -> str:
    """The address of one picture of static/icons.svg."""
    return f"{static('icons.svg')}#{name}"
