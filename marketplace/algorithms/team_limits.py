"""Limiting a private algorithm to teams of its organization: who may see, call and edit it."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm
from marketplace.algorithms.publication import publish_algorithms_now
from marketplace.audit.services import record
from marketplace.errors import Conflict, NotFound
from marketplace.organizations.models import Team
from marketplace.organizations.permissions import check_can_manage_teams
from marketplace.organizations.selectors import AccessibleOrganization


@transaction.atomic
def limit_to_teams(*, scope: AccessibleOrganization, algorithm: Algorithm, team_ids: Collection[UUID]) -> None:
    """Lets these teams alone, with owners and admins, use it; none lets all members.

    Raises PermissionDenied, NotFound, and Conflict for a public one.
    """
    check_can_manage_teams(scope)
    current = lock_algorithm(algorithm.pk)
    if current.organization_id != scope.organization.pk:
        raise NotFound(f"There is no algorithm {algorithm.full_name}.")
    if current.public and team_ids:
        raise Conflict(f"{current.full_name} is public: make it private first.")
    teams = list(Team.objects.filter(organization=scope.organization, pk__in=team_ids).order_by("name"))
    if len(teams) != len(set(team_ids)):
        raise NotFound("There is no such team.")
    current.teams.set(teams)
    record(
        actor=scope.user,
        organization_id=scope.organization.pk,
        action="algorithm.limit",
        subject_label=current.full_name,
        subject_id=current.pk,
        details={"teams": [team.name for team in teams]},
    )
    # Not robust: whoever takes access away must learn that the gateways could not be told, and try again.
    transaction.on_commit(lambda: publish_algorithms_now([current.pk]))
