"""Teams of an organization, and which of them an algorithm is limited to."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from marketplace.algorithms.selectors import find_latest_version, get_owned_algorithm
from marketplace.algorithms.team_limits import limit_to_teams
from marketplace.errors import Conflict, InvalidInput, NotFound
from marketplace.organizations.permissions import can_manage_teams, check_can_manage_teams
from marketplace.organizations.selectors import AccessibleOrganization, list_members
from marketplace.organizations.teams import (
    LONGEST_NAME,
    add_to_team,
    create_team,
    delete_team,
    get_team,
    list_teams,
    remove_from_team,
)
from marketplace.web.console.page import organization_page, read_uuid, render_confirmation, render_page


@require_http_methods(["GET", "POST"])
@organization_page
def teams(request: HttpRequest, scope: AccessibleOrganization) -> HttpResponse:
    """The teams and their members; a POST makes one."""
    if request.method == "POST":
        try:
            made = create_team(scope=scope, name=request.POST.get("name", ""), now=timezone.now())
            messages.success(request, f"The team {made.name} is there: add its members.")
        except (Conflict, InvalidInput) as error:
            messages.error(request, error.message)
        return redirect("console:teams", scope.organization.slug)
    context = {
        "teams": list_teams(scope=scope),
        "members": list_members(scope=scope),
        "can_manage": can_manage_teams(scope) and not scope.organization.personal,
        "longest_name": LONGEST_NAME,
    }
    return render_page(request, scope, "console/teams.html", "teams", context)


@require_POST
@organization_page
def change_member(request: HttpRequest, scope: AccessibleOrganization, team_id: UUID) -> HttpResponse:
    """Adds a member to a team, or takes one out."""
    check_can_manage_teams(scope)
    team, username = get_team(scope=scope, team_id=team_id), request.POST.get("member", "")
    if "remove" in request.POST:
        remove_from_team(scope=scope, team=team, username=username)
        messages.success(request, f"{username} is no longer in {team.name}.")
    else:
        add_to_team(scope=scope, team=team, username=username)
        messages.success(request, f"{username} is in {team.name} now.")
    return redirect("console:teams", scope.organization.slug)


@require_http_methods(["GET", "POST"])
@organization_page
def delete(request: HttpRequest, scope: AccessibleOrganization, team_id: UUID) -> HttpResponse:
    """Asks, then ends a team that nothing is limited to."""
    check_can_manage_teams(scope)
    team = get_team(scope=scope, team_id=team_id)
    if request.method == "GET":
        return render_confirmation(
            request,
            scope,
            "teams",
            question=f"Delete the team {team.name}?",
            consequence="Its keys are revoked: every call with them fails from now on. This cannot be undone.",
            action="Delete the team",
            back=reverse("console:teams", args=[scope.organization.slug]),
        )
    try:
        delete_team(scope=scope, team=team)
        messages.success(request, f"The team {team.name} is gone.")
    except Conflict as error:
        messages.error(request, error.message)
    return redirect("console:teams", scope.organization.slug)


@require_http_methods(["GET", "POST"])
@organization_page
def access(request: HttpRequest, scope: AccessibleOrganization, name: str) -> HttpResponse:
    """Who may use a private algorithm; a POST limits it to the teams that were chosen."""
    algorithm = get_owned_algorithm(scope=scope, name=name)
    if request.method == "POST":
        chosen = [team_id for text in request.POST.getlist("team") if (team_id := read_uuid(text))]
        try:
            limit_to_teams(scope=scope, algorithm=algorithm, team_ids=chosen)
            messages.success(request, "That holds within a second, for calls too.")
        except (Conflict, NotFound) as error:
            messages.error(request, error.message)
        return redirect("console:access", scope.organization.slug, algorithm.name)
    context = {
        "algorithm": algorithm,
        "latest": find_latest_version(algorithm=algorithm),
        "teams": list_teams(scope=scope),
        "chosen": set(algorithm.teams.values_list("pk", flat=True)),
        "can_manage": can_manage_teams(scope),
    }
    return render_page(request, scope, "console/access.html", "algorithms", context)
