"""Hosted data: collections and their folders, the files in them, and the contents in object storage.

A file's bytes are a Content, stored under its id and never changed. Replacing a file is one row that points to another
Content; what no file points to any more is collected later (tasks.py).
"""

import uuid

from django.db import models

from marketplace.organizations.models import Organization

LONGEST_NAME = 255
"""Bytes of UTF-8, as on disks."""
LONGEST_PATH = 1024
"""Bytes of UTF-8: more than fits into an index, PostgreSQL refuses."""


class Read(models.TextChoices):
    """Who may read, besides the owner. Only the owner ever writes."""

    PRIVATE = "private"
    MY_ALGORITHMS = "my_algorithms"
    PUBLIC = "public"


class Kind(models.TextChoices):
    """What a directory is for, and so how long it lives. A folder is of the kind of what it lies in."""

    COLLECTION = "collection"
    SESSION = "session"
    """One for each tree of calls; gone when the first call has ended."""
    TEMPORARY = "temporary"
    """One for each algorithm and caller; its files go after a day."""
    PERMANENT = "permanent"
    """One for each algorithm and caller."""


class Content(models.Model):
    """Bytes in object storage, under a name made of the id. They count when `size` is known: all of them are there."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    size = models.PositiveBigIntegerField(null=True)
    """Bytes; null while the upload goes on, and for ever if it was cut off."""
    created_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    """When its file was replaced or deleted, or its upload given up: the collector may have it."""

    class Meta:
        indexes = [
            models.Index(
                fields=["released_at"], condition=models.Q(released_at__isnull=False), name="content_released"
            ),
            models.Index(fields=["created_at"], condition=models.Q(size__isnull=True), name="content_unfinished"),
        ]

    def __str__(self) -> str:
        return f"content {self.id}"


class Directory(models.Model):
    """A collection, or a folder in one. `path` is all of its names, below the owner."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    """The owner: the only one who writes."""
    parent = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="folders")
    path = models.CharField(max_length=LONGEST_PATH, db_collation="C")
    name = models.CharField(max_length=LONGEST_NAME, db_collation="C")
    """The last name of `path`."""
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.COLLECTION)
    read = models.CharField(max_length=16, choices=Read, default=Read.MY_ALGORITHMS)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "path"], name="directory_path_unique"),
            models.CheckConstraint(condition=models.Q(read__in=Read.values), name="directory_read_known"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="directory_kind_known"),
        ]
        indexes = [
            models.Index(fields=["parent", "name"], name="directory_parent_name"),
            models.Index(fields=["created_at"], condition=models.Q(kind=Kind.SESSION), name="directory_sessions"),
        ]

    def __str__(self) -> str:
        return self.uri

    @property
    def uri(self) -> str:
        """How its owner asks for it."""
        owner = f"{self.organization.slug}/" if self.kind == Kind.COLLECTION else ""
        return f"data://{owner}{self.path}"


class File(models.Model):
    """A name in a directory that stands for a content."""

    directory = models.ForeignKey(Directory, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=LONGEST_NAME, db_collation="C")
    content = models.OneToOneField(Content, on_delete=models.PROTECT, related_name="file")
    modified_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["directory", "name"], name="file_name_unique")]

    def __str__(self) -> str:
        return f"{self.directory}/{self.name}"


class StorageUsage(models.Model):
    """How much an organization's files take. Who changes its files holds the row's lock: they take turns."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True, related_name="+")
    size = models.BigIntegerField(default=0)
    """Bytes of the contents that files have."""

    def __str__(self) -> str:
        return f"{self.organization} keeps {self.size} bytes"


class DefaultCollection(models.Model):
    """The collection that `data://.algo/default` means to one algorithm."""

    algorithm = models.CharField(max_length=129, primary_key=True)
    """`owner/name`, lower case: this room does not know the catalogue."""
    directory = models.ForeignKey(Directory, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.algorithm} has {self.directory}"
