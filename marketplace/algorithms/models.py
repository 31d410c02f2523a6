"""The catalogue: algorithms, the builds of their sources, and the versions that were published."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper

from marketplace.algorithms.approval_models import Approval  # noqa: F401 - Django looks here
from marketplace.algorithms.featured_models import Feature  # noqa: F401 - Django looks here
from marketplace.algorithms.supply_chain_models import Advisory, ArtifactSignature  # noqa: F401 - Django looks here
from marketplace.organizations.models import Organization, Team, name_validators


class License(models.TextChoices):
    """Under which terms the source may be used."""

    APL = "apl"
    APACHE2 = "apache2"
    GPL3 = "gpl3"
    MIT = "mit"


class OnChange(models.TextChoices):
    """What publishing does when a sample fails, or answers something else than it shall."""

    REFUSE = "refuse"
    WARN = "warn"
    IGNORE = "ignore"


class KeptAlgorithms(models.Manager["Algorithm"]):
    """All but the deleted ones."""

    def get_queryset(self) -> models.QuerySet["Algorithm"]:
        """What every query starts from."""
        return super().get_queryset().filter(deleted_at=None)


class Algorithm(models.Model):
    """`owner/name`: the thing in the store. It can be called once it has a version.

    A deleted one is kept, since its versions never change and calls name them; nothing finds it, and its name is free.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="algorithms")
    name = models.CharField(max_length=64, validators=name_validators)
    summary = models.CharField(max_length=200, blank=True)
    readme = models.TextField(blank=True)
    """Markdown, as the author wrote it."""
    tags = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    environment = models.CharField(max_length=64)
    public = models.BooleanField(default=False)
    teams = models.ManyToManyField(Team, related_name="algorithms", blank=True)
    """Those of the organization's that may use it while it is private; none for all members."""
    license = models.CharField(max_length=16, choices=License, default=License.APL)
    source_open = models.BooleanField(default=False)
    """Whether the author lets everybody read the source; kept for them, and nothing shows the source yet."""
    network = models.BooleanField(default=False)
    """Whether a build that does not say otherwise may use the internet; calls_others likewise."""
    calls_others = models.BooleanField(default=False)
    royalty_per_call = models.BigIntegerField(default=0)
    """Micro-credits, for a version that is published without naming a royalty."""
    on_change = models.CharField(max_length=8, choices=OnChange, default=OnChange.WARN)
    samples = models.JSONField(default=list, blank=True)
    """Sample objects (samples.py) that each later build is tested with, besides those of its source."""
    search = SearchVectorField(null=True, editable=False)
    """Kept by a trigger (migration 0002): name, then tags, then summary, then README by weight."""
    trigrams = ArrayField(models.CharField(max_length=3), null=True, editable=False)
    """Kept by the same trigger: the trigrams of name and tags, by which a misspelt word finds them."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, blank=True)
    taken_down_at = models.DateTimeField(null=True, blank=True)
    """Since then nobody can find or call it, but its owner sees it, and why: those who run the platform did it."""
    taken_down_because = models.CharField(max_length=300, blank=True)
    secrets_changed_at = models.DateTimeField(null=True, blank=True)
    """Null while it has no secrets. Slots that were specialised before are given back."""

    objects = KeptAlgorithms()

    class Meta:
        constraints = [
            # Upper case, as `iexact` compares: this is its index.
            models.UniqueConstraint(
                "organization", Upper("name"), condition=models.Q(deleted_at=None), name="algorithm_name_unique"
            ),
            models.CheckConstraint(condition=models.Q(license__in=License.values), name="algorithm_license_known"),
            models.CheckConstraint(condition=models.Q(royalty_per_call__gte=0), name="algorithm_royalty_not_negative"),
            models.CheckConstraint(condition=models.Q(on_change__in=OnChange.values), name="algorithm_on_change_known"),
        ]
        indexes = [
            GinIndex(fields=["search"], name="algorithm_search"),
            GinIndex(fields=["trigrams"], name="algorithm_trigrams"),
            GinIndex(fields=["tags"], name="algorithm_tags"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """`owner/name`"""
        return f"{self.organization.slug}/{self.name}"


class Secret(models.Model):
    """An environment variable that slots find, and nobody else ever reads."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    variable = models.CharField(
        max_length=100,
        validators=[RegexValidator(r"\A[A-Za-z_][A-Za-z0-9_]*\Z", "Use letters, digits and underscores.")],
    )
    label = models.CharField(max_length=100)
    description = models.CharField(max_length=500, blank=True)
    sealed = models.TextField()
    """The value, as marketplace/sealing.py seals it."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True


class AlgorithmSecret(Secret):
    """A secret in the slots of one algorithm."""

    algorithm = models.ForeignKey(Algorithm, on_delete=models.CASCADE, related_name="secrets")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["algorithm", "variable"], name="secret_variable_unique")]

    def __str__(self) -> str:
        return f"{self.variable} of {self.algorithm}"


class OrganizationSecret(Secret):
    """A secret in the slots of all algorithms of an organization that have none of the same name."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "variable"], name="organization_secret_unique")]

    def __str__(self) -> str:
        return f"{self.variable} of {self.organization.slug}"


class BuildState(models.TextChoices):
    """Where a build stands."""

    QUEUED = "queued"
    BUILDING = "building"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


BUILD_TRANSITIONS: dict[BuildState, frozenset[BuildState]] = {
    BuildState.QUEUED: frozenset({BuildState.BUILDING, BuildState.CANCELLED}),
    # Back to the queue when the worker died in the middle.
    BuildState.BUILDING: frozenset({BuildState.SUCCEEDED, BuildState.FAILED, BuildState.QUEUED, BuildState.CANCELLED}),
    BuildState.SUCCEEDED: frozenset(),
    BuildState.FAILED: frozenset(),
    BuildState.CANCELLED: frozenset(),
}
"""The only moves there are; build_states.move_build makes them, by compare-and-set."""


class Build(models.Model):
    """One attempt to turn a source archive into an artifact."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.ForeignKey(Algorithm, on_delete=models.PROTECT, related_name="builds")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source_hash = models.CharField(max_length=64)
    """SHA-256 of the uploaded archive, hex: its name in object storage is `sources/<hash>.tar.gz`."""
    state = models.CharField(max_length=16, choices=BuildState, default=BuildState.QUEUED)
    log = models.TextField(blank=True)
    artifact = models.CharField(max_length=64, blank=True)
    """SHA-256 of the artifact archive, hex: its name in object storage is `artifacts/<digest>.tar`."""
    entry = models.CharField(max_length=255)
    settings = models.JSONField()
    """A BuildSettings (build_settings.py)."""
    resolved = models.JSONField(default=list, blank=True)
    """The packages in the artifact: Package objects (execution/builds/packages.py)."""
    error = models.TextField(blank=True)
    """Why it failed, for the author."""
    attempts = models.PositiveSmallIntegerField(default=0)
    """How many workers began it."""
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=BuildState.values), name="build_state_known"),
            models.CheckConstraint(
                condition=~models.Q(state=BuildState.SUCCEEDED) | ~models.Q(artifact=""),
                name="build_succeeded_has_artifact",
            ),
        ]
        indexes = [
            models.Index(fields=["algorithm", "-created_at"], name="build_algorithm_created"),
            models.Index(fields=["algorithm", "source_hash"], name="build_algorithm_source"),
            models.Index(
                fields=["started_at"], condition=models.Q(state=BuildState.BUILDING), name="build_in_progress"
            ),
            models.Index(fields=["created_at"], condition=models.Q(state=BuildState.QUEUED), name="build_waiting"),
        ]

    def __str__(self) -> str:
        return f"build {self.id} of {self.algorithm}"


class Version(models.Model):
    """An immutable, published build.

    A database trigger lets nothing change but what says who may still get it: `withdrawn_at`, `rolled_back_at`,
    `deprecated_at` and `deprecation` (migrations 0002 and 0007).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    algorithm = models.ForeignKey(Algorithm, on_delete=models.PROTECT, related_name="versions")
    build = models.OneToOneField(Build, on_delete=models.PROTECT, related_name="version")
    major = models.PositiveIntegerField()
    minor = models.PositiveIntegerField()
    revision = models.PositiveIntegerField()
    source_hash = models.CharField(max_length=64)
    artifact = models.CharField(max_length=64)
    entry = models.CharField(max_length=255)
    environment = models.CharField(max_length=64)
    timeout_seconds = models.PositiveIntegerField()
    memory_bytes = models.PositiveBigIntegerField()
    network = models.BooleanField()
    calls_others = models.BooleanField()
    release_notes = models.TextField(blank=True)
    sample_input = models.TextField(blank=True)
    """JSON text, for the console of the store page."""
    samples = models.JSONField(default=list, blank=True)
    """Sample objects (samples.py)."""
    sample_results = models.JSONField(default=list, blank=True)
    """What each of them answered when the version was published: SampleResult objects."""
    input_schema = models.JSONField(default=dict, blank=True)
    """JSON Schema of what goes in; empty where the author did not say. `output_schema` likewise."""
    output_schema = models.JSONField(default=dict, blank=True)
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    """Since then nobody can call it."""
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    """Since then only those get it who name its whole number or its hash."""
    deprecated_at = models.DateTimeField(null=True, blank=True)
    deprecation = models.CharField(max_length=500, blank=True)
    """What its callers are told, since it is deprecated."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["algorithm", "major", "minor", "revision"], name="version_number_unique"),
            models.CheckConstraint(condition=~models.Q(artifact=""), name="version_has_artifact"),
        ]
        indexes = [
            models.Index(fields=["algorithm", "published_at"], name="version_algorithm_published"),
            models.Index(fields=["algorithm"], condition=models.Q(withdrawn_at=None), name="version_live"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm}/{self.number}"

    @property
    def number(self) -> str:
        """`major.minor.revision`"""
        return f"{self.major}.{self.minor}.{self.revision}"

    @property
    def rolled_back(self) -> bool:
        """Whether callers who do not name it get an older one."""
        return self.rolled_back_at is not None


class EnvironmentStatus(models.TextChoices):
    """How much an author should rely on an environment."""

    BETA = "beta"
    STABLE = "stable"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


class EnvironmentStanding(models.Model):
    """What the operator says of an environment, and which toolchain was seen."""

    environment = models.CharField(max_length=64, primary_key=True)
    status = models.CharField(max_length=16, choices=EnvironmentStatus, default=EnvironmentStatus.STABLE)
    message = models.CharField(max_length=300, blank=True)
    instead = models.CharField(max_length=64, blank=True)
    """The environment to use."""
    ends_at = models.DateTimeField(null=True, blank=True)
    """Of a retired one: when its versions stop."""
    toolchain_version = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=EnvironmentStatus.values), name="environment_status_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.environment}: {self.status}"

    @property
    def sentence(self) -> str:
        """Of a retired or deprecated one, for authors and callers."""
        use = f"Use {self.instead}." if self.instead else ""
        stands = "has retired" if self.status == EnvironmentStatus.RETIRED else f"is {self.status}"
        return " ".join(filter(None, [f"The environment {self.environment} {stands}.", self.message, use]))


class TrafficSplit(models.Model):
    """Of the callers who name neither of the two versions, `percent` get the candidate, and the others the base."""

    algorithm = models.OneToOneField(Algorithm, on_delete=models.CASCADE, primary_key=True, related_name="split")
    base = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    candidate = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    percent = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    """When the two versions were set against each other; another percentage does not change it."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(percent__lte=100), name="split_percent"),
            models.CheckConstraint(condition=~models.Q(base=models.F("candidate")), name="split_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.percent}% of {self.algorithm} to {self.candidate.number}"


class InputKind(models.TextChoices):
    """What the sample of an algorithm's newest version is: what one gives it."""

    IMAGE = "image", "Image"
    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    LIST = "list", "List"
    OBJECT = "object", "Object"


class Standing(models.Model):
    """What the store sorts and filters by, beside an algorithm's own words.

    Calls and price are refreshed by the clock (marketplace/invocations/standings.py); stars and reviews change with
    what people say (marketplace/reviews).
    """

    algorithm = models.OneToOneField(Algorithm, on_delete=models.CASCADE, primary_key=True, related_name="standing")
    calls = models.BigIntegerField(default=0)
    """Of the last 30 days."""
    rising = models.FloatField(default=0)
    """How far the last 7 days are above the 7 before: what trends has a large one, what falls a negative one."""
    price = models.BigIntegerField(null=True)
    """Micro-credits of a typical call; null while nobody knows how long one takes."""
    input_kind = models.CharField(max_length=16, blank=True, choices=InputKind)
    stars = models.PositiveIntegerField(default=0)
    reviews = models.PositiveIntegerField(default=0)
    points = models.PositiveIntegerField(default=0)
    """The sum of the reviews' ratings."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(input_kind="") | models.Q(input_kind__in=InputKind.values),
                name="standing_input_known",
            ),
        ]
        indexes = [
            models.Index(fields=["-rising"], condition=models.Q(rising__gt=0), name="standing_rising"),
            models.Index(fields=["-stars"], condition=models.Q(stars__gt=0), name="standing_stars"),
        ]

    def __str__(self) -> str:
        return f"standing of {self.algorithm}"

    @property
    def rating(self) -> float | None:
        """The mean of the reviews, with one decimal."""
        return round(self.points / self.reviews, 1) if self.reviews else None
