"""A picture of what runs, as HTML: the page shows it first, then a WebSocket brings it again and again."""

from django.template.loader import render_to_string

from marketplace.monitor.selectors import name_payers, name_users
from marketplace.monitor.sights import Picture
from marketplace.organizations.permissions import can_end_calls
from marketplace.organizations.selectors import AccessibleOrganization

CALLS_SHOWN = 200
SLOTS_SHOWN = 200
TEMPLATE = "monitor/picture.html"


def describe_picture(picture: Picture, scope: AccessibleOrganization | None) -> dict[str, object]:
    """What the template shows; `scope` is the organization that looks, None an operator."""
    payers, users = name_payers(picture), name_users(picture)
    shown = picture.calls[:CALLS_SHOWN]
    return {
        "picture": picture,
        "scope": scope,
        "can_end": scope is None or can_end_calls(scope),
        "calls": [(seen, payers.get(seen.call.payer_id, ""), users.get(seen.call.user_id, "")) for seen in shown],
        "calls_left_out": picture.call_count - len(shown),
        "slots": picture.slots[:SLOTS_SHOWN],
        "waiting": sum(queue.waiting for queue in picture.queues),
    }


def render_picture(picture: Picture, scope: AccessibleOrganization | None) -> str:
    """The part of the page that changes."""
    return render_to_string(TEMPLATE, describe_picture(picture, scope))
