"""People who sign in."""

from collections.abc import Callable
from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator, RegexValidator
from django.db import models
from django.db.models.functions import Upper

# A user name becomes the slug of a personal organization, the first part of the address of its algorithms:
# it must never read like a page of the platform or like the platform itself.
# fmt: off
RESERVED_WORDS = frozenset(
    {
        "about", "account", "accounts", "admin", "administrator", "agora", "algo", "algorithm", "algorithms",
        "api", "apis", "app", "apps", "auth", "billing", "blog", "builds", "calls", "cli", "connector",
        "console", "contact", "credits", "data", "directory", "docs", "documentation", "earnings",
        "environments", "events", "favicon", "git", "health", "healthz", "help", "home", "invitations",
        "invocations", "jobs",
        "keys", "latest", "legal", "livez", "login", "logout", "marketplace", "me", "metrics", "monitor", "my",
        "new", "null", "organization", "organizations", "orgs", "payments", "pricing", "privacy", "profile",
        "public", "readyz", "register", "root", "schema", "search", "security", "settings", "signin", "signup",
        "static", "status", "store", "support", "system", "terms", "undefined", "user", "users", "v1", "v2",
        "version", "versions", "web", "webhooks", "workspace", "www",
    }
)
# fmt: on


def check_not_reserved(name: str) -> None:
    """Raises ValidationError when `name` is a word that the platform keeps for itself."""
    if name.lower() in RESERVED_WORDS:
        raise ValidationError("This name is reserved: choose another one.", code="reserved")


username_validators: list[Callable[[str], None]] = [
    RegexValidator(
        r"\A[A-Za-z][A-Za-z0-9_]*\Z",
        "Use letters, digits and underscores, and start with a letter.",
    ),
    MinLengthValidator(3),
    MaxLengthValidator(39),
    check_not_reserved,
]


class AccountManager(UserManager["User"]):
    """Finds people by their name in any case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        """What sign-in uses. Raises User.DoesNotExist."""
        return self.get(username__iexact=username)


class User(AbstractUser):
    """A person. What they own belongs to organizations; signing up makes their personal one."""

    username = models.CharField(
        max_length=39,
        unique=True,
        validators=username_validators,
        error_messages={"unique": "A user with that name already exists."},
    )
    email = models.EmailField("e-mail address")

    objects: ClassVar[AccountManager] = AccountManager()

    class Meta:
        constraints = [  # upper case, as `iexact` compares: these are its indexes
            models.UniqueConstraint(
                Upper("username"),
                name="user_username_unique",
                violation_error_message="A user with that name already exists.",
            ),
            models.UniqueConstraint(
                Upper("email"),
                condition=~models.Q(email=""),
                name="user_email_unique",
                violation_error_message="A user with that e-mail address already exists.",
            ),
        ]
