"""`{% load console %}`: words of the console."""

from django import template

register = template.Library()

DEEDS = {
    "algorithm.create": "made the algorithm",
    "algorithm.update": "changed the algorithm",
    "build.start": "started",
    "key.create": "made the key",
    "key.revoke": "revoked the key",
    "member.add": "added or gave a role to",
    "member.remove": "removed",
    "organization.create": "made the organization",
    "version.publish": "published",
    "version.withdraw": "withdrew",
}


@register.filter
def deed(action: str) -> str:
    """An audited action as a verb; one without words here stands as it is."""
    return DEEDS.get(action, action)
