"""The record of every call, partitioned by day, and its sums; the drain writes them, pages read them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class CallRecord(models.Model):
    """What one answered call used and cost: a MeterEvent as a row.

    Times are microseconds, sizes bytes, money micro-credits. The table is partitioned by the day of `started_at`
    (migrations/0001), which is therefore part of the key; an event always carries the same start.
    """

    pk = models.CompositePrimaryKey("call_id", "started_at")
    call_id = models.UUIDField()
    started_at = models.DateTimeField()
    root_id = models.UUIDField()
    parent_id = models.UUIDField(null=True)
    payer_id = models.UUIDField()
    author_id = models.UUIDField()
    key_id = models.UUIDField(null=True)
    algorithm = models.TextField()
    version_id = models.UUIDField()
    version = models.TextField()
    environment = models.TextField()
    queue_us = models.BigIntegerField()
    load_us = models.BigIntegerField()
    run_us = models.BigIntegerField()
    cpu_us = models.BigIntegerField()
    peak_memory_bytes = models.BigIntegerField()
    bytes_in = models.BigIntegerField()
    bytes_out = models.BigIntegerField()
    cold = models.BooleanField()
    outcome = models.CharField(max_length=20)
    error_type = models.TextField(null=True)  # noqa: DJ001 (null says that nothing failed)
    compute_charge = models.BigIntegerField()
    royalty_charge = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    memory_byte_seconds = models.BigIntegerField(db_default=0)
    gpu_memory_byte_seconds = models.BigIntegerField(db_default=0)
    compute_per_second = models.BigIntegerField(db_default=0)
    royalty_per_call = models.BigIntegerField(db_default=0)
    royalty_per_second = models.BigIntegerField(db_default=0)
    waiver = models.CharField(max_length=20, null=True)  # noqa: DJ001 (null says that nothing was waived)
    recorded_at = models.DateTimeField(db_default=Now())
    author_share = models.BigIntegerField(db_default=0)
    posting_id = models.UUIDField(null=True, help_text="The ledger transaction that charged it; null if it was free.")

    class Meta:
        db_table = "metering_call_record"
        indexes = [
            models.Index(fields=["payer_id", "-started_at"], name="metering_record_by_payer"),
            models.Index(fields=["author_id", "-started_at"], name="metering_record_by_author"),
            # Calls that others made: a tree is found, and a call that stands alone costs no index entry.
            models.Index(
                fields=["root_id"], condition=~models.Q(root_id=models.F("call_id")), name="metering_record_by_root"
            ),
            # The calls of a posting have its time, and so has what a close of the books looks at.
            BrinIndex(fields=["recorded_at"], name="metering_record_by_posting", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.call_id}"


class Usage(models.Model):
    """The sums of the calls that started in one span of time, by who paid, whose it was, with which key and member.

    Written by the drain in the statement that writes the records, so that a call is in all of them or in none.
    """

    starts_at = models.DateTimeField()
    payer_id = models.UUIDField()
    author_id = models.UUIDField()
    key_id = models.UUIDField(null=True)
    member_id = models.BigIntegerField(null=True)
    version_id = models.UUIDField()
    version = models.TextField()
    algorithm = models.TextField()
    calls = models.BigIntegerField()
    failed = models.BigIntegerField()
    cold = models.BigIntegerField()
    queue_us = models.BigIntegerField()
    load_us = models.BigIntegerField()
    run_us = models.BigIntegerField()
    cpu_us = models.BigIntegerField()
    memory_byte_seconds = models.BigIntegerField()
    gpu_memory_byte_seconds = models.BigIntegerField()
    bytes_in = models.BigIntegerField()
    bytes_out = models.BigIntegerField()
    compute_charge = models.BigIntegerField()
    royalty_charge = models.BigIntegerField()
    royalty_calls = models.BigIntegerField(help_text="Calls that owed a royalty.")
    author_share = models.BigIntegerField()
    latest_at = models.DateTimeField(help_text="When the latest of the calls started.")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["payer_id", "starts_at", "version_id", "author_id", "key_id", "member_id"],
                nulls_distinct=False,
                name="%(class)s_once",
            ),
        ]
        indexes = [
            models.Index(fields=["author_id", "starts_at"], name="%(class)s_author"),
            models.Index(fields=["starts_at"], name="%(class)s_time"),
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls of {self.algorithm} from {self.starts_at:%Y-%m-%d %H:%M}"


class UsageMinute(Usage):
    """One minute."""

    class Meta(Usage.Meta):
        db_table = "metering_usage_minute"


class UsageHour(Usage):
    """One hour."""

    class Meta(Usage.Meta):
        db_table = "metering_usage_hour"


class UsageDay(Usage):
    """One UTC day."""

    class Meta(Usage.Meta):
        db_table = "metering_usage_day"


class RunTimes(models.Model):
    """How many answered calls of an algorithm ran how long on one UTC day: percentiles without reading the calls."""

    day = models.DateField()
    author_id = models.UUIDField()
    algorithm = models.TextField()
    step = models.SmallIntegerField(help_text="Run times from 2 ** (step / 8) microseconds to the next step.")
    calls = models.BigIntegerField()
    run_us = models.BigIntegerField(help_text="The sum of their run times.")

    class Meta:
        db_table = "metering_run_times"
        constraints = [
            models.UniqueConstraint(fields=["author_id", "algorithm", "day", "step"], name="metering_run_times_once")
        ]

    def __str__(self) -> str:
        return f"{self.calls} calls of {self.algorithm}, step {self.step}"


class Retention(models.Model):
    """Up to which day (exclusive) the call records were removed; their sums and their money stay."""

    removed_before = models.DateField()

    class Meta:
        db_table = "metering_retention"

    def __str__(self) -> str:
        return f"removed before {self.removed_before}"
