"""`agora agent`"""

import os
import sys

import click
import django

from execution.client import run_agent
from execution.config import AgentConfig
from execution.errors import OperatorMustAct


@click.command("agent")
def command() -> None:
    """Own this machine's slots: boot, specialise, limit and end them, until asked to stop."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415 - both need the set-up above

    from marketplace.algorithms.blobs import open_artifact  # noqa: PLC0415

    try:
        run_agent(AgentConfig.from_environment(settings.AGORA_HOME), open_artifact)
    except OperatorMustAct as error:
        click.echo(str(error), err=True)
        sys.exit(1)
