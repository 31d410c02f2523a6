"""Whether an organization's list lets it call a version of somebody else's algorithm: one rule for all doors."""

from marketplace.directory.entries import ApprovalsEntry


def find_refusal(entry: ApprovalsEntry, algorithm_id: str, full_name: str, number: str) -> str:
    """Why the organization may not call version `number`; empty if it may. Its own algorithms are not asked about."""
    up_to = entry.algorithms.get(algorithm_id)
    where = f"ask for it at /console/{entry.owner}/catalog, where owners and admins of {entry.owner} approve."
    if up_to is None:
        return f"{full_name} is not approved in {entry.owner}, which calls approved algorithms only: {where}"
    if up_to and not _is_within(number, up_to):
        bound = f"{full_name} is approved in {entry.owner} up to {up_to}, and this is {number}"
        return f"{bound}: call an older one, or {where}"
    return ""


def _is_within(number: str, up_to: str) -> bool:
    """A build that is no version is within nothing."""
    try:
        return [int(part) for part in number.split(".")] <= [int(part) for part in up_to.split(".")]
    except ValueError:
        return False
