"""Algorithms whose source is a repository elsewhere: GitHub or GitLab tells of pushes, and we fetch and build them."""

import base64
import hashlib
import hmac
import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from marketplace.algorithms.models import Algorithm
from marketplace.audit.services import record
from marketplace.celery import app as celery
from marketplace.errors import MarketplaceError, NotFound
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import AccessibleOrganization, get_accessible_organization
from marketplace.repositories.fetching import check_source, fetch_branch
from marketplace.repositories.git import GitFailed
from marketplace.repositories.models import Push, SourceImport
from marketplace.repositories.places import ensure_repository
from marketplace.repositories.services import receive_commit

MOST_DELIVERIES = 10
"""Kept of those that the host made last."""


def get_import(*, algorithm: Algorithm, scope: AccessibleOrganization) -> SourceImport:
    """Raises NotFound, PermissionDenied: whoever reads it has the webhook's secret."""
    found = find_import_of(algorithm=algorithm, scope=scope)
    if found is None:
        raise NotFound("The source of this algorithm is imported from nowhere.")
    return found


def find_import_of(*, algorithm: Algorithm, scope: AccessibleOrganization) -> SourceImport | None:
    """Raises PermissionDenied."""
    check_can_publish(scope)
    return SourceImport.objects.filter(algorithm=algorithm).first()


def find_import(import_id: uuid.UUID) -> SourceImport | None:
    """For a webhook."""
    imports = SourceImport.objects.select_related("algorithm__organization", "created_by")
    return imports.filter(pk=import_id, algorithm__deleted_at=None).first()


@transaction.atomic
def set_import(
    *, algorithm: Algorithm, scope: AccessibleOrganization, provider: str, url: str, branch: str, now: datetime
) -> SourceImport:
    """Follows that branch from now on, and fetches it at once. The webhook's address and secret are new each time.

    Raises PermissionDenied, InvalidInput.
    """
    check_can_publish(scope)
    check_source(url, branch)
    SourceImport.objects.filter(algorithm=algorithm).delete()
    made = SourceImport.objects.create(
        algorithm=algorithm, provider=provider, url=url, branch=branch, created_by=scope.user, created_at=now
    )
    _audit(made, scope, "import.set")
    transaction.on_commit(lambda: fetch_soon(made), robust=True)
    return made


@transaction.atomic
def end_import(*, algorithm: Algorithm, scope: AccessibleOrganization) -> None:
    """What was imported stays. Raises PermissionDenied, NotFound."""
    found = get_import(algorithm=algorithm, scope=scope)
    _audit(found, scope, "import.end")
    found.delete()


def fetch_again(*, algorithm: Algorithm, scope: AccessibleOrganization) -> None:
    """Looks at the branch without having been told of a push. Raises PermissionDenied, NotFound."""
    fetch_soon(get_import(algorithm=algorithm, scope=scope))


@transaction.atomic
def note_delivery(found: SourceImport, *, status: int, text: str, now: datetime) -> None:
    """Keeps what the host was answered."""
    kept = SourceImport.objects.select_for_update().filter(pk=found.pk).values_list("deliveries", flat=True).first()
    new = {"at": now.isoformat(sep=" ", timespec="seconds"), "status": status, "text": text}
    SourceImport.objects.filter(pk=found.pk).update(deliveries=[new, *(kept or [])][:MOST_DELIVERIES])


def fetch_soon(found: SourceImport) -> None:
    """Has a worker fetch and build what is new."""
    celery.send_task("repositories.fetch_import", kwargs={"import_id": str(found.pk)})


def fetch_import(found: SourceImport, *, now: datetime) -> Push | None:
    """Builds the branch's commit if it is another one than last time. What goes wrong is noted, not raised."""
    push, noted = None, {"fetched_at": now, "failure": ""}
    try:
        scope = get_accessible_organization(user=found.created_by, slug=found.algorithm.organization.slug)
        check_can_publish(scope)
        commit = fetch_branch(ensure_repository(found.algorithm), url=found.url, branch=found.branch)
        if commit != found.commit:
            push = receive_commit(algorithm=found.algorithm, scope=scope, commit=commit)
            noted["commit"] = commit
    except (MarketplaceError, GitFailed) as error:
        noted["failure"] = str(error).replace("\0", "�")
    SourceImport.objects.filter(pk=found.pk).update(**noted)
    return push


def webhook_address(found: SourceImport) -> str:
    """Where the host is to send its pushes."""
    return settings.AGORA_ADDRESS + reverse("git-webhook", args=[found.pk])


def webhook_secret(found: SourceImport) -> str:
    """What the host signs with: it follows from the platform's own, and is not stored."""
    key = hashlib.sha256(b"agora import secret\0" + settings.SECRET_KEY.encode()).digest()
    digest = hmac.digest(key, found.pk.bytes, "sha256")
    return "whsec_" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _audit(found: SourceImport, scope: AccessibleOrganization, action: str) -> None:
    record(
        actor=scope.user,
        organization_id=found.algorithm.organization_id,
        action=action,
        subject_label=found.algorithm.full_name,
        subject_id=found.algorithm.pk,
        details={"url": found.url, "branch": found.branch},
    )
