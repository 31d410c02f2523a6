"""Mail domains: named by an organization, and proven by a record that only who runs the domain can set."""

import re
import secrets
from datetime import datetime

import dns.exception
import dns.resolver
from django.conf import settings
from django.db import IntegrityError, transaction

from marketplace.audit.services import record
from marketplace.errors import Conflict, InvalidInput, NotFound, Unavailable
from marketplace.organizations.models import Organization
from marketplace.organizations.permissions import check_can_manage_sign_on
from marketplace.organizations.selectors import AccessibleOrganization
from marketplace.sign_on.models import MailDomain

NAME = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
LABEL = "_agora-challenge"
"""Of the record, below the domain: nothing else is looked for there."""
MOST = 50
PATIENCE = 5.0
"""Seconds, for the name servers."""


@transaction.atomic
def add_domain(*, scope: AccessibleOrganization, name: str, now: datetime) -> MailDomain:
    """Names one, which does not count before it is proven. Raises PermissionDenied, InvalidInput, Conflict."""
    check_can_manage_sign_on(scope)
    name = name.strip().lower().lstrip("@")
    if not NAME.fullmatch(name):
        raise InvalidInput("name", "A domain is what comes after the @, like example.com.")
    organization = Organization.objects.select_for_update().get(pk=scope.organization.pk)
    if organization.mail_domains.count() >= MOST:
        raise Conflict(f"{MOST} domains are the most.")
    made, new = MailDomain.objects.get_or_create(
        organization=organization, name=name, defaults={"challenge": secrets.token_hex(16), "created_at": now}
    )
    if not new:
        raise Conflict(f"{name} is in the list.")
    _audit(scope, made, "mail_domain.add")
    return made


def prove_domain(*, scope: AccessibleOrganization, domain_id: int, now: datetime) -> MailDomain:
    """Looks for the record. Raises PermissionDenied, NotFound, Conflict (it is not there), Unavailable."""
    check_can_manage_sign_on(scope)
    found = _get(scope, domain_id)
    if found.challenge not in look_up_texts(f"{LABEL}.{found.name}"):
        raise Conflict(f"The record is not there yet: {LABEL}.{found.name} does not say {found.challenge}.")
    try:
        with transaction.atomic():
            found.proven_at = now
            found.save(update_fields=["proven_at"])
            _audit(scope, found, "mail_domain.prove")
    except IntegrityError:
        raise Conflict(f"Another organization here has proven {found.name}: it must give it up first.") from None
    return found


@transaction.atomic
def remove_domain(*, scope: AccessibleOrganization, domain_id: int) -> MailDomain:
    """Gives it up: nobody with mail of it signs on for the organization any more.

    Raises PermissionDenied, NotFound.
    """
    check_can_manage_sign_on(scope)
    found = _get(scope, domain_id)
    _audit(scope, found, "mail_domain.remove")
    found.delete()
    return found


def look_up_texts(name: str) -> set[str]:
    """What the name servers say in TXT records of that name. Raises Unavailable."""
    resolver = _make_resolver()
    try:
        answer = resolver.resolve(name, "TXT", lifetime=PATIENCE)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return set()
    except dns.exception.DNSException:
        raise Unavailable(f"The name servers do not answer for {name}: try again in a moment.") from None
    return {b"".join(each.strings).decode("latin-1") for each in answer}


def _make_resolver() -> dns.resolver.Resolver:
    if not settings.DNS_SERVER:
        return dns.resolver.Resolver()
    host, _, port = settings.DNS_SERVER.rpartition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [host], int(port)
    return resolver


def _get(scope: AccessibleOrganization, domain_id: int) -> MailDomain:
    found = MailDomain.objects.filter(organization=scope.organization, pk=domain_id).first()
    if found is None:
        raise NotFound("There is no such domain.")
    return found


def _audit(scope: AccessibleOrganization, domain: MailDomain, action: str) -> None:
    record(
        actor=scope.user,
        organization_id=scope.organization.pk,
        action=action,
        subject_label=domain.name,
        subject_id=domain.pk,
    )
