"""READMEs as pages show them: Markdown to HTML that cannot act, whatever its author wrote. Pure."""

import html
from collections.abc import Sequence
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAGS = {
    "a", "blockquote", "br", "code", "dd", "del", "details", "dl", "dt", "em", "h2", "h3", "h4", "h5", "h6", "hr", "i",
    "kbd", "li", "ol", "p", "pre", "s", "strong", "b", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead",
    "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "code": {"class"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
LARGEST_HEADING = 2
"""The page has a first heading of its own."""
LONGEST_CHARACTERS = 50_000
"""What is beyond is not shown: some texts take a time that grows with the square of their length."""


def render_readme(text: str) -> SafeString:
    """HTML of Markdown. Pictures become links: a page of ours loads nothing from other sites."""
    tokens = _markdown.parse(text[:LONGEST_CHARACTERS])
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + LARGEST_HEADING - 1)}"
    rendered = _markdown.renderer.render(tokens, _markdown.options, {})
    return mark_safe(_sanitise(rendered))  # noqa: S308 - sanitised right here


def _sanitise(rendered: str) -> str:
    return nh3.clean(
        rendered, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener noreferrer ugc"
    )


def _render_picture(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    address = html.escape(str(token.attrs.get("src", "")))
    return f'<a href="{address}">{html.escape(token.content or "picture")}</a>'


def _make_markdown() -> MarkdownIt:
    # HTML passes through Markdown, so that comments vanish instead of being shown; the sanitiser judges the rest.
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    markdown.add_render_rule("image", _render_picture)
    return markdown


_markdown = _make_markdown()
