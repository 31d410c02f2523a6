"""Single sign-on of organizations: their identity provider, and the mail domains that they proved to be theirs."""

from django.db import models

from marketplace.organizations.models import Organization, Role


class SignOnKind(models.TextChoices):
    """What the provider speaks."""

    OPENID = "openid_connect", "OpenID Connect"
    SAML = "saml", "SAML"


class SignOn(models.Model):
    """The one provider by which people sign in for an organization."""

    organization = models.OneToOneField(
        Organization, on_delete=models.CASCADE, primary_key=True, related_name="sign_on"
    )
    kind = models.CharField(max_length=16, choices=SignOnKind)
    issuer = models.CharField(max_length=500)
    """Who the provider says it is: OpenID Connect's issuer, SAML's entity id."""
    client_id = models.CharField(max_length=255, blank=True)
    sealed_secret = models.TextField(blank=True)
    """Of OpenID Connect, by sealing.py."""
    address = models.CharField(max_length=500, blank=True)
    """Of SAML: where browsers go to sign in."""
    certificate = models.TextField(blank=True)
    """Of SAML: what assertions are signed with, base64 without lines."""
    newcomer_role = models.CharField(max_length=16, choices=Role, default=Role.CALLER)
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.issuer} for {self.organization}"


class MailDomain(models.Model):
    """A domain of mail that an organization says is its own; only one that it proved counts."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="mail_domains")
    name = models.CharField(max_length=253)
    """In lower case."""
    challenge = models.CharField(max_length=64)
    """What its name server must say."""
    created_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="mail_domain_once"),
            # One organization speaks for a domain: mail addresses lead to one provider.
            models.UniqueConstraint(
                fields=["name"], condition=models.Q(proven_at__isnull=False), name="mail_domain_proven_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name
