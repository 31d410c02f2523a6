"""`agora drain`"""

import os
import signal
import threading

import click
import django


@click.command("drain")
def command() -> None:
    """Turn meter events into call records and ledger postings, until asked to stop."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from billing.api import run_drain  # noqa: PLC0415 - its models need the set-up above

    run_drain(stop.is_set)
