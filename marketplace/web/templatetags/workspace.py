"""`{% load workspace %}`: what pages of the workspace use."""

from django import template

register = template.Library()

KINDS = {"+": "added", "-": "removed", "@": "place", "d": "file"}


@register.filter
def lines_of_difference(text: str) -> list[tuple[str, str]]:
    """Each line of what `git show` says, and what it is: added, removed, place, file or context."""
    return [(_kind_of(line), line) for line in text.splitlines()]


def _kind_of(line: str) -> str:
    return "file" if line.startswith(("+++", "---")) else KINDS.get(line[:1], "context")
