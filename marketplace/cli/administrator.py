"""`agora administrator`"""

import os

import click
import django


@click.command("administrator")
@click.argument("name")
@click.option("--remove", is_flag=True, help="Take it back.")
def command(name: str, remove: bool) -> None:
    """Make NAME, who has signed up, an administrator of the platform."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from marketplace.accounts.services import set_administrator  # noqa: PLC0415 - needs the set-up above
    from marketplace.errors import NotFound  # noqa: PLC0415

    try:
        set_administrator(username=name, administrator=not remove)
    except NotFound as error:
        raise click.ClickException(error.message) from None
    click.echo(f"{name} is {'no longer' if remove else 'now'} an administrator of the platform.")
