"""The Celery application: work that may wait. Tasks live in each room's tasks.py."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

app = Celery(
    "marketplace",
    include=[
        "marketplace.accounts.tasks",
        "marketplace.algorithms.tasks",
        "marketplace.datasets.tasks",
        "marketplace.invocations.tasks",
    ],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "requeue lost builds": {"task": "algorithms.requeue_lost_builds", "schedule": 60.0, "options": {"expires": 60}},
    "refresh the directory": {"task": "invocations.refresh_directory", "schedule": 300.0, "options": {"expires": 300}},
    # Twice a day, each a week ahead: a missed turn costs nothing.
    "make partitions": {"task": "invocations.ensure_partitions", "schedule": crontab(minute="7", hour="1,13")},
    "remove old call records": {"task": "invocations.remove_old_records", "schedule": crontab(minute="27", hour="3")},
    "end session collections": {"task": "invocations.end_sessions", "schedule": 60.0, "options": {"expires": 60}},
    "expire hosted data": {"task": "datasets.expire", "schedule": crontab(minute="23")},
    "collect contents": {"task": "datasets.collect_contents", "schedule": crontab(minute="*/10")},
    "clear sessions": {"task": "accounts.clear_sessions", "schedule": crontab(minute="17", hour="2")},
}
