"""`agora builder`"""

import click
from django.conf import settings

from marketplace.celery import app


@click.command("builder")
@click.option("--concurrency", type=click.IntRange(1), help="Builds at once, if not AGORA_BUILDS_AT_ONCE.")
def command(concurrency: int | None) -> None:
    """Run a Celery worker for builds."""
    at_once = concurrency or settings.BUILDS_AT_ONCE
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # one worker of one machine has no peers
    names = ["--queues=builds", "--hostname=builder@%h", "--pool=threads"]  # its tasks wait for compilers
    app.worker_main(["worker", f"--concurrency={at_once}", "--loglevel=INFO", *names, *quiet])
