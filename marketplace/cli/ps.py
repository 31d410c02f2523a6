"""`agora ps`"""

import json

import click
from rich.console import Console

from marketplace.cli.credentials import load_credentials
from marketplace.cli.platform_client import Platform
from marketplace.cli.running import look, summary_of, table_of_calls


@click.command("ps")
@click.option("--all", "everything", is_flag=True, help="Everybody's calls: for administrators of the platform.")
@click.option("--json", "as_json", is_flag=True, help="Print everything that is known, as JSON.")
def command(everything: bool, as_json: bool) -> None:
    """List the calls that your organization makes now."""
    with Platform(load_credentials()) as platform:
        picture = look(platform, everything=everything)
    if as_json:
        click.echo(json.dumps(picture, indent=2))
        return
    console = Console(highlight=False, width=None if click.get_text_stream("stdout").isatty() else 160)
    console.print(table_of_calls(picture))
    click.echo(summary_of(picture), err=True)
