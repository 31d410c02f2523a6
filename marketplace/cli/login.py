"""`agora login`"""

import click

from marketplace.cli.credentials import DEFAULT_ADDRESS, Credentials, store_credentials
from marketplace.cli.platform_client import Platform


@click.command("login")
@click.option("--address", default=DEFAULT_ADDRESS, show_default=True, envvar="AGORA_ADDRESS", help="The platform.")
@click.option(
    "--key", prompt="API key", hide_input=True, envvar="AGORA_API_KEY", help="An API key, from your key page."
)
def command(address: str, key: str) -> None:
    """Try a key and remember it, with the platform's address, for the other commands."""
    credentials = Credentials(address=address.rstrip("/"), key=key.strip())
    with Platform(credentials) as platform:
        organization = platform.get("/v1/organizations")["results"][0]["org_name"]
    path = store_credentials(credentials)
    click.echo(f"You act for {organization} at {credentials.address}. Remembered in {path}.")
