"""How the environments stand: what the operator says of each, and what follows for builds and versions."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from execution.environments import Environment, find_environment, load_environments
from marketplace.accounts.models import User
from marketplace.algorithms.models import EnvironmentStanding, EnvironmentStatus, Version
from marketplace.algorithms.publication import publish_many_now
from marketplace.audit.services import record
from marketplace.errors import InvalidInput, NotFound
from marketplace.texts import check_storable

LONGEST_MESSAGE = 300


@dataclass(frozen=True)
class StandingEnvironment:
    """An environment and what is said of it. Without a word of the operator it is what its manifest says."""

    environment: Environment
    status: str
    message: str = ""
    instead: str = ""
    """The id of the environment to use."""
    ends_at: datetime | None = None
    """When versions that were built for it stop."""
    toolchain_version: str = ""
    """As a worker saw it last."""

    def __getattr__(self, name: str) -> object:
        return getattr(self.environment, name)


def list_environments() -> list[StandingEnvironment]:
    """All that this platform has the toolchain of, or has had, by id."""
    standings = {row.environment: row for row in EnvironmentStanding.objects.all()}
    known = [found for found in load_environments() if found.available or found.id in standings]
    return [_join(found, standings.get(found.id)) for found in known]


def get_environment(environment_id: str) -> StandingEnvironment:
    """One of them, whether its toolchain is here or not. Raises NotFound."""
    found = find_environment(environment_id)
    if found is None:
        raise NotFound(f"There is no environment {environment_id}.")
    return _join(found, EnvironmentStanding.objects.filter(pk=found.id).first())


def check_can_build(environment_id: str) -> None:
    """Raises InvalidInput, with what to use instead, for one that has retired. One that nobody knows may be built."""
    row = EnvironmentStanding.objects.filter(pk=environment_id, status=EnvironmentStatus.RETIRED).first()
    if row is not None:
        raise InvalidInput("environment", f"{row.sentence} Nothing is built for it any more.")


def find_warning(environment_id: str) -> str:
    """What the author of a build for it should know; empty when there is nothing."""
    row = EnvironmentStanding.objects.filter(pk=environment_id, status=EnvironmentStatus.DEPRECATED).first()
    return f"Warning: {row.sentence}" if row is not None else ""


@transaction.atomic
def set_environment_status(
    *,
    environment_id: str,
    status: str,
    by: User | None,
    message: str = "",
    instead: str = "",
    ends_at: datetime | None = None,
) -> EnvironmentStanding:
    """Says how an environment stands. `by` None is the operator at the machine.

    Nothing is built for a retired one; its versions go on until `ends_at`, and then answer an error. Raises NotFound,
    InvalidInput.
    """
    environment = get_environment(environment_id).environment
    _check(environment, status, message, instead, ends_at)
    values = {"status": status, "message": message.strip(), "instead": instead, "ends_at": ends_at}
    standing, _ = EnvironmentStanding.objects.update_or_create(pk=environment.id, defaults=values)
    details = {**values, "ends_at": ends_at.isoformat() if ends_at else None}
    record(
        actor=by,
        organization_id=None,
        action="environment.set",
        subject_label=environment.display_name,
        subject_id=environment.id,
        details=details,
    )
    affected = Version.objects.filter(environment=environment.id, withdrawn_at=None).order_by()
    algorithm_ids = list(affected.values_list("algorithm_id", flat=True).distinct())
    transaction.on_commit(lambda: publish_many_now(algorithm_ids))
    return standing


def note_toolchains() -> int:
    """Keeps which toolchain versions this machine has; how many."""
    found = 0
    for environment in load_environments():
        toolchain = environment.find_toolchain()
        if toolchain is not None:
            defaults = {"toolchain_version": toolchain.version}
            create = {**defaults, "status": environment.manifest.status}
            EnvironmentStanding.objects.update_or_create(pk=environment.id, defaults=defaults, create_defaults=create)
            found += 1
    return found


def _join(environment: Environment, row: EnvironmentStanding | None) -> StandingEnvironment:
    if row is None:
        return StandingEnvironment(environment, environment.manifest.status)
    return StandingEnvironment(environment, row.status, row.message, row.instead, row.ends_at, row.toolchain_version)


def _check(environment: Environment, status: str, message: str, instead: str, ends_at: datetime | None) -> None:
    if status not in EnvironmentStatus.values:
        raise InvalidInput("status", f"Choose one of {', '.join(EnvironmentStatus.values)}.")
    check_storable("message", message)
    if len(message) > LONGEST_MESSAGE:
        raise InvalidInput("message", f"A message has {LONGEST_MESSAGE} characters at most.")
    if instead and (find_environment(instead) is None or instead == environment.id):
        raise InvalidInput("instead", f"There is no other environment {instead}.")
    if ends_at is not None and status != EnvironmentStatus.RETIRED:
        raise InvalidInput("ends_at", "Only the versions of a retired environment end.")
    if ends_at is not None and timezone.is_naive(ends_at):
        raise InvalidInput("ends_at", "Say in which time zone.")
