"""`{% load accounts %}`: what the pages for signing up and in say of the platform."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def free_credits() -> int:
    """Whole credits that a new account starts with."""
    return int(settings.FREE_CREDITS)


@register.simple_tag
def free_credits_line() -> str:
    """One sentence above the form."""
    if settings.FREE_CREDITS > 0:
        return f"It is free, and starts with {settings.FREE_CREDITS:,} credits to call with."
    return "It is free. Calls are paid for with credits."


@register.simple_tag
def password_rule() -> str:
    """What a new password must be."""
    return f"At least {settings.SHORTEST_PASSWORD} characters, and not one that many people use."
