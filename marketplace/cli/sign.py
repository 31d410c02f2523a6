"""`agora sign`"""

import os
import sys

import click
import django


@click.command("sign")
@click.option("--public-keys", is_flag=True, help="Print what agents check signatures with, and sign nothing.")
def command(public_keys: bool) -> None:
    """Sign artifacts with the newest of AGORA_SIGNING_KEYS that an older one signed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from marketplace.algorithms import signing  # noqa: PLC0415 - its models need the set-up above

    if public_keys:
        click.echo(",".join(signing.public_keys()))
        return
    signed, left = signing.sign_anew()
    click.echo(f"{signed:,} artifacts signed anew, {left:,} that no known key had signed.")
    sys.exit(1 if left else 0)
