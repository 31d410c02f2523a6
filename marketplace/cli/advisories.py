"""`agora advisories`"""

import os
from pathlib import Path

import click
import django


@click.command("advisories")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def command(folder: Path) -> None:
    """Take the known vulnerabilities from FOLDER: OSV files, *.json or *.zip, as osv.dev gives them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from marketplace.algorithms.advisories import import_advisories  # noqa: PLC0415 - its models need the set-up above

    click.echo(f"{import_advisories(folder):,} packages with known vulnerabilities taken.")
