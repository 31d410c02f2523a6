"""`agora environment`"""

import os
from datetime import UTC, datetime

import click
import django

STATUSES = ("beta", "stable", "deprecated", "retired")


@click.command("environment")
@click.argument("name", required=False)
@click.option("--status", type=click.Choice(STATUSES), help="How it stands from now on.")
@click.option("--message", default="", help="A sentence for authors and callers.")
@click.option("--instead", default="", help="The environment to use instead.")
@click.option("--until", type=click.DateTime(), help="Of a retired one: when its versions stop, in UTC.")
def command(name: str | None, status: str | None, message: str, instead: str, until: datetime | None) -> None:
    """Show how the environments stand, or say how NAME stands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from marketplace.algorithms import environments  # noqa: PLC0415 - its models need the set-up above
    from marketplace.errors import InvalidInput, NotFound  # noqa: PLC0415

    if name and status:
        ends_at = until.replace(tzinfo=UTC) if until else None
        try:
            environments.set_environment_status(
                environment_id=name, status=status, by=None, message=message, instead=instead, ends_at=ends_at
            )
        except (InvalidInput, NotFound) as error:
            raise click.ClickException(error.message) from None
    for found in environments.list_environments():
        if name in (None, found.environment.id):
            ends = f", until {found.ends_at:%Y-%m-%d %H:%M} UTC" if found.ends_at else ""
            click.echo(f"{found.environment.id:<14} {found.status}{ends} {found.message}".rstrip())
