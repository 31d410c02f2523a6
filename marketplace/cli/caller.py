"""`agora caller`"""

import click

from marketplace.celery import app

CALLS_AT_ONCE = 16


@click.command("caller")
@click.option("--concurrency", type=click.IntRange(1), default=CALLS_AT_ONCE, show_default=True, help="Calls at once.")
def command(concurrency: int) -> None:
    """Run a Celery worker for calls that may wait: async calls, batches, webhooks."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # one worker of one machine has no peers
    names = ["--queues=calls", "--hostname=caller@%h", "--pool=threads"]  # its tasks wait most of the time
    app.worker_main(["worker", f"--concurrency={concurrency}", "--loglevel=INFO", *names, *quiet])
