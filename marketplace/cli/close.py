"""`agora close`"""

import os
import sys
from datetime import UTC, datetime, timedelta

import click
import django


@click.command("close")
@click.option(
    "--until", type=click.DateTime(), help="Close what was posted before this UTC time: the last midnight, if not said."
)
def command(until: datetime | None) -> None:
    """Close the books: prove that the ledger, the call records and the gateways' balances agree."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    django.setup()
    from billing.api import close_books  # noqa: PLC0415 - its models need the set-up above

    now = datetime.now(tz=UTC)
    moment = until.replace(tzinfo=UTC) if until else now.replace(hour=0, minute=0, second=0, microsecond=0)
    if moment > now - timedelta(seconds=1):
        raise click.ClickException("Only a time that is over can be closed.")
    close = close_books(until=moment, closed_at=now)
    click.echo(
        f"Closed until {close.until:%Y-%m-%d %H:%M} UTC: {close.transactions:,} transactions, "
        f"{close.calls_recorded:,} calls recorded, {close.calls_posted:,} posted."
    )
    for name, value in close.differences.items():
        click.echo(f"DIFFERS {name}: {value}")
    sys.exit(1 if close.differences else 0)
