"""Teams: members of an organization to whom private algorithms can be limited, and keys that belong to them.

Owners and admins reach what any team reaches. Others reach what is limited to no team, and what is limited to one of
theirs; a key that belongs to a team reaches, of what is limited, that team's alone, whoever made it.
"""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Prefetch, QuerySet

from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.organizations.limits import publish_limits_now
from marketplace.organizations.models import ApiKey, Membership, Team
from marketplace.organizations.permissions import can_manage_teams, check_can_manage_teams
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.organizations.services import revoke_api_key
from marketplace.texts import check_storable

LONGEST_NAME = 64
MOST_TEAMS = 200


@transaction.atomic
def create_team(*, scope: AccessibleOrganization, name: str, now: datetime) -> Team:
    """Makes a team without members. Raises PermissionDenied, InvalidInput, Conflict."""
    check_can_manage_teams(scope)
    name = name.strip()
    check_storable("name", name)
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput("name", f"A name has 1 to {LONGEST_NAME} characters.")
    if scope.organization.personal:
        raise Conflict("A personal organization has one member: create an organization to have teams.")
    if Team.objects.filter(organization=scope.organization).count() >= MOST_TEAMS:
        raise Conflict(f"An organization has at most {MOST_TEAMS} teams.")
    try:
        with transaction.atomic():
            team = Team.objects.create(organization=scope.organization, name=name, created_at=now)
    except IntegrityError:
        raise Conflict(f"There is a team {name} already.") from None
    _finish(scope, "team.create", team)
    return team


@transaction.atomic
def add_to_team(*, scope: AccessibleOrganization, team: Team, username: str) -> None:
    """Makes a member of the organization one of the team. Safe to repeat. Raises PermissionDenied, NotFound."""
    check_can_manage_teams(scope)
    member = _get_member(scope, username)
    team.members.add(member)
    _finish(scope, "team.add", team, member=member.user.username)


@transaction.atomic
def remove_from_team(*, scope: AccessibleOrganization, team: Team, username: str) -> None:
    """Takes a member out of it, and revokes the team's keys that they made. Raises PermissionDenied, NotFound."""
    check_can_manage_teams(scope)
    member = _get_member(scope, username)
    team.members.remove(member)
    for key in ApiKey.objects.filter(team=team, created_by=member.user, revoked_at=None):
        revoke_api_key(key=key, by=scope.user)
    _finish(scope, "team.remove_member", team, member=member.user.username)


@transaction.atomic
def delete_team(*, scope: AccessibleOrganization, team: Team) -> None:
    """Ends the team, and revokes its keys. Raises PermissionDenied, and Conflict while algorithms are limited to it."""
    check_can_manage_teams(scope)
    limited = team.algorithms.filter(deleted_at=None).count()
    if limited:
        raise Conflict(f"{limited} of its algorithms would be open to all members: limit them to other teams first.")
    for key in ApiKey.objects.filter(team=team, revoked_at=None):
        revoke_api_key(key=key, by=scope.user)
    _finish(scope, "team.delete", team)
    team.delete()


def list_teams(*, scope: AccessibleOrganization) -> QuerySet[Team]:
    """The organization's teams with their members, by name."""
    members = Membership.objects.select_related("user").order_by("user__username")
    teams = Team.objects.filter(organization=scope.organization).prefetch_related(Prefetch("members", members))
    return teams.annotate(algorithm_count=Count("algorithms", distinct=True)).order_by("name")


def get_team(*, scope: AccessibleOrganization, team_id: object) -> Team:
    """One of them. Raises NotFound."""
    team = Team.objects.filter(organization=scope.organization, pk=team_id).first()
    if team is None:
        raise NotFound("There is no such team.")
    return team


def list_own_teams(*, scope: AccessibleOrganization) -> QuerySet[Team]:
    """Those that they may make keys for: their own; for owners and admins, all."""
    teams = Team.objects.filter(organization=scope.organization)
    return (teams if can_manage_teams(scope) else teams.filter(members__user=scope.user)).order_by("name")


def _get_member(scope: AccessibleOrganization, username: str) -> Membership:
    members = Membership.objects.filter(organization=scope.organization).select_related("user")
    member = members.filter(user__username__iexact=username).first()
    if member is None:
        raise NotFound(f"{username} is not a member of {scope.organization.slug}.")
    return member


def _finish(scope: AccessibleOrganization, action: str, team: Team, **details: object) -> None:
    record(
        actor=scope.user,
        organization_id=scope.organization.id,
        action=action,
        subject_label=team.name,
        subject_id=team.pk,
        details=details,
    )
    # Not robust: whoever takes access away must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_limits_now([scope.organization.id]))
