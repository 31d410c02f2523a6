"""`agora agent`"""

import os
import sys
from dataclasses import replace

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
    from django.conf import settings  # noqa: PLC0415 - all of these need the set-up above
    from django.db import close_old_connections  # noqa: PLC0415

    from marketplace.algorithms.blobs import open_artifact  # noqa: PLC0415
    from marketplace.algorithms.secrets import read_secrets  # noqa: PLC0415
    from marketplace.algorithms.signing import public_keys  # noqa: PLC0415

    def read_secrets_now(name: str) -> dict[str, str]:
        close_old_connections()  # the thread's own: it may have been idle for days
        return read_secrets(name)

    try:
        config = AgentConfig.from_environment(settings.AGORA_HOME)
        config = config if config.artifact_keys else replace(config, artifact_keys=public_keys())
        run_agent(config, open_artifact, read_secrets_now)
    except OperatorMustAct as error:
        click.echo(str(error), err=True)
        sys.exit(1)
