"""`{% load console %}`: words of the console."""

from decimal import ROUND_FLOOR, Decimal

from django import template

from billing.api import CREDIT
from marketplace.audit.models import AuditEvent
from marketplace.web.figures import format_credits

register = template.Library()

LARGE = 100 * CREDIT
"""From here on, a headline leaves out what is less than a hundredth of a credit."""
LONGEST_DETAIL_CHARACTERS = 24
DEEDS = {
    "algorithm.create": "made the algorithm",
    "algorithm.delete": "deleted the algorithm",
    "algorithm.limit": "set the teams of",
    "algorithm.update": "changed the algorithm",
    "approval.approve": "approved",
    "approval.ask": "asked for",
    "approval.decline": "did not approve",
    "build.start": "started",
    "call.end": "ended a call of",
    "catalog.open": "allowed every public algorithm in",
    "catalog.restrict": "allowed approved algorithms only in",
    "invitation.accept": "accepted the invitation of",
    "invitation.decline": "had declined the invitation of",
    "invitation.send": "invited",
    "invitation.take_back": "took back the invitation of",
    "key.create": "made the key",
    "key.limit": "limited the key",
    "key.revoke": "revoked the key",
    "budget.remove": "removed the budget of",
    "budget.set": "set the budget of",
    "member.add": "added or gave a role to",
    "member.remove": "removed",
    "organization.delete": "deleted the organization",
    "organization.edit": "changed the profile of",
    "organization.create": "made the organization",
    "node.drain": "drained",
    "node.resume": "resumed",
    "payment.refund": "gave money back:",
    "payment.start": "began to pay",
    "payout.start": "had paid out",
    "payouts.set_automatic": "set automatic payouts",
    "payouts.set_up": "set up payouts of",
    "slot.end": "ended",
    "team.add": "added a member to the team",
    "team.create": "made the team",
    "team.delete": "deleted the team",
    "team.remove_member": "took a member out of the team",
    "tax_id.set": "set the tax number",
    "terms.set": "set the terms of payment:",
    "top_up.set": "set automatic top-up:",
    "samples.set": "set the samples of",
    "secret.delete": "took away the secret",
    "secret.set": "set the secret",
    "traffic.split": "split the traffic of",
    "traffic.unite": "ended the split of",
    "version.deprecate": "deprecated",
    "version.make_latest": "made the latest",
    "version.publish": "published",
    "version.recommend": "recommended again",
    "version.withdraw": "withdrew",
}


@register.filter
def deed(action: str) -> str:
    """An audited action as a verb; one without words here stands as it is."""
    return DEEDS.get(action, action)


@register.filter
def figure(amount: int) -> str:
    """Micro-credits as credits for a headline: large ones to the hundredth, rounded down."""
    if abs(amount) < LARGE:
        return format_credits(amount)
    return f"{(Decimal(amount) / CREDIT).quantize(Decimal('0.01'), ROUND_FLOOR):,}".removesuffix(".00")


@register.filter
def details(event: AuditEvent) -> list[tuple[str, str]]:
    """What else is known of an audited act: names and values, in few characters."""
    known = [(name, value) for name, value in event.details.items() if value is not None]
    return [(name.replace("_", " "), _describe(name, value)) for name, value in known]


def _describe(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "royalty_per_call" and isinstance(value, int):
        return f"{format_credits(value)} credits"
    if isinstance(value, dict):
        value = [f"{key} {each}" for key, each in value.items()]
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_DETAIL_CHARACTERS else f"{text[: LONGEST_DETAIL_CHARACTERS - 1]}…"
