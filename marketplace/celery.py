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
        "marketplace.organizations.tasks",
        "marketplace.payments.tasks",
        "marketplace.repositories.tasks",
        "marketplace.sign_on.tasks",
    ],
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "requeue lost builds": {"task": "algorithms.requeue_lost_builds", "schedule": 15.0, "options": {"expires": 15}},
    "prune build caches": {"task": "algorithms.prune_build_caches", "schedule": crontab(minute="47", hour="3")},
    "requeue lost calls": {"task": "invocations.requeue_lost_calls", "schedule": 10.0, "options": {"expires": 10}},
    "clear finished calls": {"task": "invocations.clear_finished_calls", "schedule": crontab(minute="47")},
    "refresh the directory": {"task": "invocations.refresh_directory", "schedule": 300.0, "options": {"expires": 300}},
    "refresh a lost directory": {
        "task": "invocations.refresh_lost_directory",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "refresh standings": {"task": "invocations.refresh_standings", "schedule": 300.0, "options": {"expires": 300}},
    # Twice a day, each a week ahead: a missed turn costs nothing.
    "make partitions": {"task": "invocations.ensure_partitions", "schedule": crontab(minute="7", hour="1,13")},
    "remove old call records": {"task": "invocations.remove_old_records", "schedule": crontab(minute="27", hour="3")},
    "end session collections": {"task": "invocations.end_sessions", "schedule": 60.0, "options": {"expires": 60}},
    "expire hosted data": {"task": "datasets.expire", "schedule": crontab(minute="23")},
    "collect contents": {"task": "datasets.collect_contents", "schedule": crontab(minute="*/10")},
    "process events": {
        "task": "payments.process_waiting_events",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "look at unfinished payments": {"task": "payments.look_at_unfinished", "schedule": crontab(minute="17")},
    "top up": {"task": "payments.run_top_ups", "schedule": 30.0, "options": {"expires": 30}},
    "mail notices": {"task": "payments.send_notices", "schedule": 60.0, "options": {"expires": 60}},
    "send payouts": {"task": "payments.send_payouts", "schedule": 600.0, "options": {"expires": 600}},
    "invoice": {"task": "payments.issue_invoices", "schedule": crontab(minute="37")},  # a missed turn costs nothing
    "pay out": {"task": "payments.run_payouts", "schedule": crontab(minute="47", hour="4")},
    "reconcile": {"task": "payments.reconcile", "schedule": crontab(minute="57", hour="5")},
    "reseal secrets": {"task": "algorithms.reseal_secrets", "schedule": crontab(minute="27", hour="2")},
    "reseal sign-in": {"task": "sign_on.reseal_secrets", "schedule": crontab(minute="32", hour="2")},
    "note toolchains": {"task": "algorithms.note_toolchains", "schedule": 600.0, "options": {"expires": 600}},
    "warn of budgets": {"task": "invocations.warn_of_budgets", "schedule": 60.0, "options": {"expires": 60}},
    "close the books": {"task": "invocations.close_books", "schedule": crontab(minute="17", hour="1")},
    "follow pushes": {"task": "repositories.follow_unsettled", "schedule": 60.0, "options": {"expires": 60}},
    "warn of expiring keys": {"task": "organizations.warn_of_expiring_keys", "schedule": crontab(minute="51")},
    "clear sessions": {"task": "accounts.clear_sessions", "schedule": crontab(minute="17", hour="2")},
}
