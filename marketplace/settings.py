"""Settings, read once from the environment; docs/reference/settings.md lists every variable.

A value that cannot be right stops the start with a sentence that names the variable and the mend.
"""

import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

REPOSITORY = Path(__file__).resolve().parent.parent


def env(name: str, default: str) -> str:
    """The variable's text, or the content of the file that NAME_FILE names (for mounted secrets)."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    """`true`, `1`, `yes` and `on` are true; `false`, `0`, `no`, `off` and nothing are false."""
    text = env(name, str(default)).strip().lower()
    if text in {"true", "1", "yes", "on"}:
        return True
    if text in {"false", "0", "no", "off", ""}:
        return False
    raise ImproperlyConfigured(f"{name} is {text!r}: set it to true or false.")


def env_int(name: str, default: int) -> int:
    """A whole number."""
    text = env(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {text!r}: set it to a whole number.") from None


def env_list(name: str, default: str) -> list[str]:
    """Comma-separated words."""
    return [word.strip() for word in env(name, default).split(",") if word.strip()]


def env_json(name: str, default: dict[str, object]) -> dict[str, object]:
    """An object in JSON."""
    try:
        value = json.loads(env(name, json.dumps(default)))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} must be an object in JSON.")
    return value


def database_from_url(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `postgresql://user:password@host:port/name[?host=/socket/folder]`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured("DATABASE_URL must start with postgresql://: Agora runs on PostgreSQL only.")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", "")) or parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DEBUG = env_bool("AGORA_DEBUG", False)
AGORA_HOME = Path(env("AGORA_HOME", str(REPOSITORY / ".agora"))).absolute()  # not resolved: sockets need it short
AGORA_ADDRESS = env("AGORA_ADDRESS", "http://127.0.0.1:8000").rstrip("/")
SECRET_KEY = env("AGORA_SECRET_KEY", "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "AGORA_SECRET_KEY is not set: start with `make up`, which makes one, or set it to 50 random characters."
    )
# What seals secrets in the database, newest first; see marketplace/sealing.py.
SEALING_KEYS = env_list("AGORA_SEALING_KEYS", "") or [SECRET_KEY]
# What signs artifacts, newest first; see marketplace/algorithms/signing.py.
SIGNING_KEYS = env_list("AGORA_SIGNING_KEYS", "")
ALLOWED_HOSTS = [*env_list("AGORA_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"), "agora"]  # the last one: from slots
TRUSTED_PROXIES = env_list("AGORA_TRUSTED_PROXIES", "127.0.0.1")
CSRF_TRUSTED_ORIGINS = [AGORA_ADDRESS]

INSTALLED_APPS = [
    "marketplace.web.operator.apps.OperatorConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sitemaps",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "channels",
    "django_htmx",
    "django_vite",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "billing.ledger",
    "billing.metering",
    "billing.budgets",
    "billing.pricing",
    "billing.payments",
    "billing.payouts",
    "marketplace.audit",
    "marketplace.accounts",
    "marketplace.organizations",
    "marketplace.sign_on",
    "marketplace.algorithms",
    "marketplace.datasets",
    "marketplace.invocations",
    "marketplace.repositories",
    "marketplace.reviews",
    "marketplace.api",
    "marketplace.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "marketplace.web.middleware.PageMiddleware",
    "marketplace.web.middleware.OriginMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "marketplace.urls"
ASGI_APPLICATION = "marketplace.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [REPOSITORY / "frontend" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": database_from_url(env("DATABASE_URL", f"postgresql://postgres@/agora?host={AGORA_HOME}/run/postgres"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env("REDIS_URL", f"unix://{AGORA_HOME}/run/redis.sock?db=0")

# Where workers make calls that may wait: the gateway's socket, or http://host:port where that is on another machine.
GATEWAY = env("AGORA_GATEWAY", f"{AGORA_HOME}/run/gateway/gateway.sock")

# Webhooks: seconds before the second attempt (each later pause is four times longer), and whether they may go to
# private networks, which only an operator who trusts all callers should let them.
WEBHOOK_PAUSE = env_int("AGORA_WEBHOOK_PAUSE", 10)
WEBHOOK_PRIVATE_NETWORKS = env_bool("AGORA_WEBHOOK_PRIVATE_NETWORKS", False)

# Celery carries work that may wait (builds, calls that may, gateway refresh, housekeeping).
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
# How many builds run at once here, and how many of one owner's: the others are left for other owners.
BUILDS_AT_ONCE = env_int("AGORA_BUILDS_AT_ONCE", max(2, min(8, 1 + (os.cpu_count() or 1))))
BUILDS_PER_OWNER = env_int("AGORA_BUILDS_PER_OWNER", max(1, BUILDS_AT_ONCE - 1))
# Hosts that packages which an author names by their address may be taken from.
PACKAGE_HOSTS = env_list("AGORA_PACKAGE_HOSTS", "")
CELERY_TASK_ROUTES = {  # what waits for algorithms and receivers must not keep builds waiting: `agora caller` takes it
    "algorithms.build_next": {"queue": "builds"},  # nor builds housekeeping: `agora builder` takes them
    "algorithms.prune_build_caches": {"queue": "builds"},
    "invocations.make_call": {"queue": "calls"},
    "invocations.run_lane": {"queue": "calls"},
    "invocations.deliver": {"queue": "calls"},
    "invocations.refresh_lost_directory": {"queue": "calls"},  # which is empty then, and builds may take minutes
    "repositories.publish_push": {"queue": "calls"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "client_name": "celery"}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(AGORA_HOME / "run" / "celerybeat-schedule")

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            # Longer than the layer itself waits: else it takes a silent moment for a failure.
            "hosts": [{"address": REDIS_URL, "socket_timeout": 15, "client_name": "channels"}],
        },
    },
}

STORAGES = {
    # Sources and artifacts, content-addressed. Any django-storages backend by its dotted name.
    "default": {
        "BACKEND": env("AGORA_STORAGE_BACKEND", "django.core.files.storage.FileSystemStorage"),
        **({} if "AGORA_STORAGE_BACKEND" in os.environ else {"OPTIONS": {"location": AGORA_HOME / "storage"}}),
    },
    # Hosted data, named by ids.
    "datasets": {
        "BACKEND": env("AGORA_DATA_BACKEND", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": env_json(
            "AGORA_DATA_OPTIONS",
            {} if "AGORA_DATA_BACKEND" in os.environ else {"location": str(AGORA_HOME / "datasets")},
        ),
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# The algorithms' git repositories: files of this machine, or of a file system that all web processes and workers share.
REPOSITORIES = env("AGORA_REPOSITORIES", str(AGORA_HOME / "repositories"))

STATIC_URL = "/static/"
# Served from where they lie: the front end's build names its files by their content, and packs them.
WHITENOISE_USE_FINDERS = True
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+\.[0-9a-f]{12}\..+$"
STATICFILES_DIRS = [REPOSITORY / "frontend" / "static"] + (
    [REPOSITORY / "frontend" / "dist"] if (REPOSITORY / "frontend" / "dist").exists() else []
)
DJANGO_VITE = {
    "default": {"dev_mode": False, "manifest_path": REPOSITORY / "frontend" / "dist" / "manifest.json"},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
SHORTEST_PASSWORD = 10
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": SHORTEST_PASSWORD},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "marketplace.web.sign_up.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = env("AGORA_EMAIL_VERIFICATION", "optional")
ACCOUNT_USERNAME_VALIDATORS = "marketplace.accounts.models.username_validators"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
SOCIALACCOUNT_ADAPTER = "marketplace.web.sign_on.adapter.SignOnAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"  # the organization has proven the domain
# host:port of a name server that is asked whose a mail domain is, where the machine's own do not see the internet's.
DNS_SERVER = env("AGORA_DNS_SERVER", "")
MFA_ADAPTER = "marketplace.web.two_factor.SealedAdapter"
MFA_TOTP_ISSUER = "Agora"
MFA_TOTP_TOLERANCE = 1  # a clock that is half a minute off, and one who types slowly
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/console"
EMAIL_BACKEND = env("AGORA_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_TIMEOUT = 10  # seconds: without it, a mail server that is stuck holds whoever mails for ever
DEFAULT_FROM_EMAIL = env("AGORA_EMAIL_FROM", "Agora <no-reply@localhost>")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = AGORA_ADDRESS.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["marketplace.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["marketplace.api.access.IsManager"],
    "DEFAULT_PARSER_CLASSES": ["marketplace.api.parsers.BoundedJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "marketplace.api.errors.answer_error",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Agora",
    "DESCRIPTION": "Publish algorithms, call them, and see what they cost. Wherever `/v1/algorithms/{owner}/{name}` "
    "stands, the algorithm's id can stand for both: `/v1/algorithms/{id}`.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # The page at /v1/docs takes its scripts from here, never from another site.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "PREPROCESSING_HOOKS": ["marketplace.api.schema.leave_out_ids"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "marketplace.api.schema.add_calls",
        "marketplace.api.data.schema.add_data",
    ],
    "ENUM_NAME_OVERRIDES": {
        "BuildState": "marketplace.algorithms.models.BuildState",
        "CallState": "marketplace.invocations.models.CallState",
        "DeliveryState": "marketplace.invocations.models.DeliveryState",
        "MemberRoleEnum": "marketplace.organizations.models.Role",
        "MemberInputRoleEnum": "marketplace.api.serializers.organizations.ROLES_ASKED",
        "InvoiceState": "billing.payments.models.InvoiceState",
        "PaymentState": "billing.payments.models.PaymentState",
        "PayoutState": "billing.payouts.models.PayoutState",
    },
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

# How long an answer of the store is kept for visitors who are not signed in; 0 keeps none.
PAGE_CACHE_SECONDS = env_int("AGORA_PAGE_CACHE_SECONDS", 10)
# How many processes of a web server make pages for them; with 0, the web server's own.
PAGE_PROCESSES = env_int("AGORA_PAGE_PROCESSES", min(4, os.cpu_count() or 1))
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 20_000}},
}

# Money. 10,000 credits are one US dollar; amounts are integers of micro-credits (a millionth of a credit).
FREE_CREDITS = env_int("AGORA_FREE_CREDITS", 10_000)
PRICE_NOTICE_DAYS = env_int("AGORA_PRICE_NOTICE_DAYS", 7)
CALL_RECORD_DAYS = env_int("AGORA_CALL_RECORD_DAYS", 400)
CREDITS_PER_DOLLAR = env_int("AGORA_CREDITS_PER_DOLLAR", 10_000)
if CREDITS_PER_DOLLAR < 100 or CREDITS_PER_DOLLAR % 100:
    raise ImproperlyConfigured(
        "AGORA_CREDITS_PER_DOLLAR must be a multiple of 100: a cent is a whole number of credits."
    )
STRIPE_SECRET_KEY = env("AGORA_STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRETS = env_list("AGORA_STRIPE_WEBHOOK_SECRET", "")
if STRIPE_SECRET_KEY and not STRIPE_WEBHOOK_SECRETS:
    raise ImproperlyConfigured(
        "AGORA_STRIPE_WEBHOOK_SECRET is not set: payments are taken, and nobody would hear of them."
    )
STRIPE_API_BASE = env("AGORA_STRIPE_API_BASE", "https://api.stripe.com").rstrip("/")
PAYOUT_THRESHOLD_CENTS = env_int("AGORA_PAYOUT_THRESHOLD_CENTS", 2_500)

# Hosted data, in bytes.
DATA_FILE_LIMIT = env_int("AGORA_DATA_FILE_LIMIT", 5 << 30)
CALLS_WAITING = env_int("AGORA_CALLS_WAITING", 50_000)
DATA_QUOTA = env_int("AGORA_DATA_QUOTA", 1 << 40)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {name: {"level": "WARNING"} for name in ("httpx", "stripe")},  # they report each request of theirs
    "root": {"handlers": ["console"], "level": env("AGORA_LOG_LEVEL", "INFO")},
}
