"""`agora kill`"""

import uuid

import click

from marketplace.cli.credentials import load_credentials
from marketplace.cli.platform_client import Platform


@click.command("kill")
@click.argument("call", type=click.UUID)
@click.option("--all", "everything", is_flag=True, help="Whoever pays for it: for administrators of the platform.")
def command(call: uuid.UUID, everything: bool) -> None:
    """End the running call CALL. Its caller is told who did it, and owes the time that it ran."""
    with Platform(load_credentials()) as platform:
        end(platform, str(call), everything=everything)
    click.echo(f"{call} was ended.")


def end(platform: Platform, call_id: str, *, everything: bool) -> None:
    """Raises click.ClickException."""
    platform.order(f"/v1/monitor/calls/{call_id}/end", **({"all": "true"} if everything else {}))
