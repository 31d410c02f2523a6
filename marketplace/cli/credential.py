"""`agora credential`: what git runs to have a key (gitcredentials(7))."""

import sys
from urllib.parse import urlsplit

import click

from marketplace.cli.credentials import load_credentials

USER = "agora"
"""The platform looks at the key alone."""


@click.command("credential")
@click.argument("action")
def command(action: str) -> None:
    """Answer git's question for the key of the platform that `agora login` remembers, and no other question."""
    asked = dict(line.split("=", 1) for line in sys.stdin.read().splitlines() if "=" in line)
    if action != "get":  # what git found out of a key is not kept
        return
    credentials = load_credentials()
    known = urlsplit(credentials.address)
    if (asked.get("protocol"), asked.get("host")) == (known.scheme, known.netloc):
        click.echo(f"username={USER}\npassword={credentials.key}")
