"""`agora beat`"""

import click

from marketplace.celery import app


@click.command("beat")
def command() -> None:
    """Run Celery's clock, which asks the workers for the recurring work. One per platform."""
    app.start(["beat", "--loglevel=INFO", "--pidfile="])
