"""`agora worker`"""

import ctypes
import os
import signal

import click
from celery.signals import worker_process_init

from marketplace.celery import app

MOST_TASKS = 4
PR_SET_PDEATHSIG = 1


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1), help="Tasks at once, if not one per core up to 4.")
def command(concurrency: int | None) -> None:
    """Run a Celery worker for what may wait and has no worker of its own."""
    worker_process_init.connect(_die_with_the_worker)
    tasks = concurrency or min(MOST_TASKS, os.cpu_count() or 1)
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat"]  # one worker of one machine has no peers
    app.worker_main(["worker", f"--concurrency={tasks}", "--loglevel=INFO", *quiet])


def _die_with_the_worker(**_: object) -> None:
    """A process of the pool: when the worker is killed, it must not go on with what another will be given."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
