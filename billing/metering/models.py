"""The record of every call, partitioned by day; the drain writes it, pages read it."""

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
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "metering_call_record"
        indexes = [
            models.Index(fields=["payer_id", "-started_at"], name="metering_record_by_payer"),
            models.Index(fields=["author_id", "-started_at"], name="metering_record_by_author"),
        ]

    def __str__(self) -> str:
        return f"{self.algorithm} {self.call_id}"
