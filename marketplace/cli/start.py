"""The start of a platform whose databases run: tables, processes, examples, the first call. Needs Django set up."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from execution.client import read_machine_report
from marketplace.cli import demonstration, preparation
from marketplace.cli.credentials import Credentials
from marketplace.cli.examples import FirstCall, call_first, examples_changed, find_examples, publish_examples
from marketplace.cli.home import Home
from marketplace.cli.local_platform import LocalPlatform
from marketplace.cli.progress import Progress


def bring_up(platform: LocalPlatform, home: Home, progress: Progress) -> None:
    """Brings the platform to its first answered call, and says how to use it. Raises click.ClickException, OSError."""
    prepare(progress)
    demo = demonstration.open_demonstration(home)
    with progress.step("Started the web server and the agent"):
        platform.start_call_path()
    for line in report_lines(home.path):
        progress.event(line)
    folders = find_examples(os.environ.get("AGORA_EXAMPLES", "all"))
    publishing = examples_changed(home, folders)
    if publishing:
        platform.start_background()
        with progress.step("Started the worker, which builds"):
            platform.wait_for_builder(preparation.has_builder)
        publish(home, folders, platform.local_address, progress)
    first = call_first(folders, platform.local_address, demo.api_key) if folders else None
    if not publishing:  # later than the first call: two cores start few things well at once
        platform.start_background()
    show(platform.address, demo, first, progress)


def report_lines(home: Path) -> Iterator[str]:
    """How the agent holds strangers' code: what an operator must know before anybody else's runs."""
    report = read_machine_report(home)
    return report.lines() if report else iter(())


def prepare(progress: Progress) -> None:
    """What has to be there before a process starts."""
    if preparation.needs_migration():
        with progress.step("Made the tables"):
            preparation.migrate()
    preparation.prepare_records()


def publish(home: Home, folders: Sequence[Path], address: str, progress: Progress) -> None:
    """Publishes the examples as their organization, and says what failed; the platform runs all the same."""
    credentials = Credentials(address=address, key=demonstration.make_publisher_key())
    with progress.step(f"Published the examples, {len(folders)} in all"):
        failures = publish_examples(home, folders, credentials, done=progress.done)
    demonstration.revoke_publisher_keys()
    for failure in failures:
        progress.event(failure)


def show(address: str, demo: demonstration.Demonstration, first: FirstCall | None, progress: Progress) -> None:
    """What a newcomer needs."""
    progress.text(f"\n  Store     {address}")
    progress.text(f"  Sign in   {demo.username} / {demo.password}")
    progress.text(f"  API key   {demo.api_key}")
    if first is not None:
        progress.text(f"\n  This call was just answered in {first.seconds * 1000:.0f} ms:\n")
        progress.text(f"{first.curl}\n{first.answer}")
