"""Which role may do what. The table is the rule; `can_x` answers, `check_can_x` raises PermissionDenied."""

from enum import StrEnum

from marketplace.errors import PermissionDenied
from marketplace.organizations.models import ApiKey, Role
from marketplace.organizations.selectors import AccessibleOrganization


class Action(StrEnum):
    """What can be done in an organization; the value completes the sentence "You may not …"."""

    CALL = "call algorithms"
    CREATE_KEY = "create API keys"
    USE_DATA = "use hosted data"
    PUBLISH = "publish algorithms"
    ANSWER_REVIEWS = "answer reviews"
    WITHDRAW = "withdraw versions"
    DELETE = "delete algorithms"
    CHANGE_SIGNATURES = "rotate the webhook secret"
    REVOKE_ANY_KEY = "revoke API keys of others"
    END_CALLS = "end running calls"
    MANAGE_LIMITS = "set budgets and limits"
    READ_PAYMENTS = "see payments"
    MANAGE_PAYMENTS = "manage payments"
    READ_AUDIT = "read the audit log"
    APPROVE = "approve algorithms of others"
    EDIT_PROFILE = "change the profile"
    MANAGE_MEMBERS = "manage members"
    MANAGE_SIGN_ON = "set up single sign-on, and say how members sign in"
    MANAGE_TEAMS = "manage teams, and reach what is limited to any"
    MANAGE_OWNERS = "make or unmake owners"
    SKIP_SIGN_ON = "come in without the single sign-on that is required"
    CLOSE = "delete the organization"


CALLING = frozenset({Action.CALL, Action.CREATE_KEY, Action.USE_DATA, Action.END_CALLS})
DEVELOPING = CALLING | {Action.PUBLISH, Action.ANSWER_REVIEWS}

ALLOWED: dict[Role, frozenset[Action]] = {
    Role.OWNER: frozenset(Action),
    Role.ADMIN: frozenset(Action) - {Action.MANAGE_OWNERS, Action.SKIP_SIGN_ON, Action.CLOSE},
    Role.DEVELOPER: DEVELOPING,
    Role.CALLER: CALLING,
    Role.BILLING: frozenset({Action.MANAGE_LIMITS, Action.READ_PAYMENTS, Action.MANAGE_PAYMENTS}),
    Role.AUDITOR: frozenset({Action.READ_PAYMENTS, Action.READ_AUDIT}),
}


TEAM_MANAGERS = tuple(role for role, actions in ALLOWED.items() if Action.MANAGE_TEAMS in actions)


def list_abilities() -> list[tuple[Action, list[bool]]]:
    """The table for people: each action, and whether each of the roles, in their order, may do it."""
    return [(action, [action in ALLOWED[role] for role in Role]) for action in Action]


def can_manage_owners(scope: AccessibleOrganization) -> bool:
    """Whether they may make somebody an owner, and take it back."""
    return Action.MANAGE_OWNERS in ALLOWED[scope.role]


def check_can_manage_owners(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may make somebody an owner, and take it back."""
    _require(can_manage_owners(scope), Action.MANAGE_OWNERS, scope)


def can_manage_sign_on(scope: AccessibleOrganization) -> bool:
    """Whether they may say how members sign in."""
    return Action.MANAGE_SIGN_ON in ALLOWED[scope.role]


def check_can_manage_sign_on(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may say how members sign in."""
    _require(can_manage_sign_on(scope), Action.MANAGE_SIGN_ON, scope)


def can_skip_sign_on(scope: AccessibleOrganization) -> bool:
    """Whether a sign-on that fails does not lock them out: somebody must be able to mend it."""
    return Action.SKIP_SIGN_ON in ALLOWED[scope.role]


def can_close(scope: AccessibleOrganization) -> bool:
    """Whether they may delete the organization."""
    return Action.CLOSE in ALLOWED[scope.role]


def check_can_close(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may delete the organization."""
    _require(can_close(scope), Action.CLOSE, scope)


def can_edit_profile(scope: AccessibleOrganization) -> bool:
    """Whether they may change what the organization says of itself."""
    return Action.EDIT_PROFILE in ALLOWED[scope.role]


def can_call(scope: AccessibleOrganization) -> bool:
    """Whether they may call algorithms for the organization, which pays."""
    return Action.CALL in ALLOWED[scope.role]


def check_can_call_algorithms(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may call algorithms for the organization."""
    _require(can_call(scope), Action.CALL, scope)


def can_read_payments(scope: AccessibleOrganization) -> bool:
    """Whether they may see payments, invoices and payouts."""
    return Action.READ_PAYMENTS in ALLOWED[scope.role]


def check_can_read_payments(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may see payments, invoices and payouts."""
    _require(can_read_payments(scope), Action.READ_PAYMENTS, scope)


def can_manage_members(scope: AccessibleOrganization) -> bool:
    """Whether they may add and remove members."""
    return Action.MANAGE_MEMBERS in ALLOWED[scope.role]


def check_can_manage_members(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may add and remove members."""
    _require(can_manage_members(scope), Action.MANAGE_MEMBERS, scope)


def check_can_edit_profile(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may change what the organization says of itself."""
    _require(Action.EDIT_PROFILE in ALLOWED[scope.role], Action.EDIT_PROFILE, scope)


def can_manage_limits(scope: AccessibleOrganization) -> bool:
    """Whether they may set budgets, and limits of keys."""
    return Action.MANAGE_LIMITS in ALLOWED[scope.role]


def check_can_manage_limits(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may set budgets, and limits of keys."""
    _require(can_manage_limits(scope), Action.MANAGE_LIMITS, scope)


def can_use_data(scope: AccessibleOrganization) -> bool:
    """Whether they may read and write the organization's collections."""
    return Action.USE_DATA in ALLOWED[scope.role]


def check_can_use_data(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may read and write the organization's collections."""
    _require(can_use_data(scope), Action.USE_DATA, scope)


def can_create_key(scope: AccessibleOrganization) -> bool:
    """Whether they may make a key that spends the organization's credits."""
    return Action.CREATE_KEY in ALLOWED[scope.role]


def check_can_create_key(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may make API keys."""
    _require(can_create_key(scope), Action.CREATE_KEY, scope)


def can_revoke_key(scope: AccessibleOrganization, key: ApiKey) -> bool:
    """Whether they may revoke this key: everyone their own, owners and admins all."""
    if key.organization_id != scope.organization.id:
        return False
    return key.created_by_id == scope.user.pk or Action.REVOKE_ANY_KEY in ALLOWED[scope.role]


def check_can_revoke_key(scope: AccessibleOrganization, key: ApiKey) -> None:
    """Raises PermissionDenied unless they may revoke this key."""
    _require(can_revoke_key(scope, key), Action.REVOKE_ANY_KEY, scope)


def can_publish(scope: AccessibleOrganization) -> bool:
    """Whether they may create algorithms, build them and publish versions."""
    return Action.PUBLISH in ALLOWED[scope.role]


def check_can_publish(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may publish."""
    _require(can_publish(scope), Action.PUBLISH, scope)


def can_withdraw(scope: AccessibleOrganization) -> bool:
    """Whether they may take a published version away from its callers."""
    return Action.WITHDRAW in ALLOWED[scope.role]


def check_can_withdraw(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may withdraw versions."""
    _require(can_withdraw(scope), Action.WITHDRAW, scope)


def can_delete(scope: AccessibleOrganization) -> bool:
    """Whether they may delete algorithms."""
    return Action.DELETE in ALLOWED[scope.role]


def check_can_delete(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may delete algorithms."""
    _require(can_delete(scope), Action.DELETE, scope)


def check_can_rotate_webhook_secret(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may make receivers need a new secret."""
    _require(Action.CHANGE_SIGNATURES in ALLOWED[scope.role], Action.CHANGE_SIGNATURES, scope)


def can_read_audit(scope: AccessibleOrganization) -> bool:
    """Whether they may read who did what."""
    return Action.READ_AUDIT in ALLOWED[scope.role]


def check_can_read_audit(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may read who did what."""
    _require(can_read_audit(scope), Action.READ_AUDIT, scope)


def can_end_calls(scope: AccessibleOrganization) -> bool:
    """Whether they may end calls that the organization pays for."""
    return Action.END_CALLS in ALLOWED[scope.role]


def check_can_end_calls(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may end calls that the organization pays for."""
    _require(can_end_calls(scope), Action.END_CALLS, scope)


def can_manage_teams(scope: AccessibleOrganization) -> bool:
    """Whether they may make teams and limit algorithms to them; they reach what is limited to any."""
    return Action.MANAGE_TEAMS in ALLOWED[scope.role]


def check_can_manage_teams(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may make teams and limit algorithms to them."""
    _require(can_manage_teams(scope), Action.MANAGE_TEAMS, scope)


def can_approve(scope: AccessibleOrganization) -> bool:
    """Whether they may decide which algorithms of others the organization calls."""
    return Action.APPROVE in ALLOWED[scope.role]


def check_can_approve(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may decide which algorithms of others the organization calls."""
    _require(can_approve(scope), Action.APPROVE, scope)


def can_manage_payments(scope: AccessibleOrganization) -> bool:
    """Whether they may buy credits, and have earnings paid out."""
    return Action.MANAGE_PAYMENTS in ALLOWED[scope.role]


def check_can_manage_payments(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may see to payments."""
    _require(can_manage_payments(scope), Action.MANAGE_PAYMENTS, scope)


def can_answer_reviews(scope: AccessibleOrganization) -> bool:
    """Whether they may speak for the organization under what callers write of its algorithms."""
    return Action.ANSWER_REVIEWS in ALLOWED[scope.role]


def check_can_answer_reviews(scope: AccessibleOrganization) -> None:
    """Raises PermissionDenied unless they may answer reviews."""
    _require(can_answer_reviews(scope), Action.ANSWER_REVIEWS, scope)


def _require(allowed: bool, action: Action, scope: AccessibleOrganization) -> None:
    if not allowed:
        raise PermissionDenied(f"You may not {action} in {scope.organization.slug}: ask one of its owners.")
