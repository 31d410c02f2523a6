"""`agora logs`"""

import time
from datetime import UTC, datetime
from typing import cast

import click

from marketplace.cli.call import REFERENCE
from marketplace.cli.credentials import load_credentials
from marketplace.cli.platform_client import JsonObject, Platform
from marketplace.cli.publish import follow_build

NEWEST = "newest"
FOLLOW_SECONDS = 2.0


@click.command("logs")
@click.argument("reference")
@click.option(
    "--build",
    "build_id",
    is_flag=False,
    flag_value=NEWEST,
    help="Show the log of this build, or of the newest, until it ends.",
)
@click.option("--follow", "-f", is_flag=True, help="Go on, and show each call that fails.")
def command(reference: str, build_id: str | None, follow: bool) -> None:
    """Show how calls of REFERENCE (owner/name) failed in the last days, or what a build of it logged."""
    found = REFERENCE.fullmatch(reference)
    if found is None or found[1].count("/") != 1:
        raise click.ClickException(f"{reference!r} is not an algorithm: write owner/name.")
    path = f"/v1/algorithms/{found[1]}"
    with Platform(load_credentials()) as platform:
        if build_id is not None:
            build_id = _newest_build(platform, path) if build_id == NEWEST else build_id
            follow_build(platform, f"{path}/builds/{build_id}", click.echo)
        else:
            _show_failures(platform, f"{path}/errors", follow=follow)


def _newest_build(platform: Platform, path: str) -> str:
    """Raises click.ClickException when there is none."""
    builds = platform.get(f"{path}/builds", limit=1)["results"]
    if not builds:
        raise click.ClickException("It has no builds: run `agora publish`, or push a commit.")
    return str(builds[0]["build_id"])


def _show_failures(platform: Platform, path: str, *, follow: bool) -> None:
    """Oldest first."""
    shown: set[str] = set()
    while True:
        failures = platform.get_list(path)
        for failure in reversed(failures):
            if failure["request_id"] not in shown:
                _show(failure)
        shown = {cast("str", failure["request_id"]) for failure in failures}
        if not follow:
            break
        time.sleep(FOLLOW_SECONDS)
    if not failures:
        click.echo("No call has failed in the last days.", err=True)


def _show(failure: JsonObject) -> None:
    at = datetime.fromtimestamp(failure["created_at"] / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    click.echo(f"{at}  {failure['algoversion']}  {failure['error_type']}: {failure['error']}")
    click.echo(f"  call {failure['request_id']}, input {failure['input']}")
    for line in failure["stack_trace"].rstrip().splitlines():
        click.echo(f"  {line}")
