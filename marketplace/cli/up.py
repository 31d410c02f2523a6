"""`agora up`: a whole platform on this machine, in the foreground."""

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from marketplace.cli.home import Home, StartRefused, refusal_of
from marketplace.cli.local_platform import LocalPlatform, check_port
from marketplace.cli.progress import Progress

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WATCH_SECONDS = 0.5
"""The kernel may hand a signal to any thread, and wakes only that one: the main thread, which acts on it, looks."""
LOW_SPACE_BYTES = 256 * 1024 * 1024


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), envvar="AGORA_PORT", default=8000, show_default=True)
def command(port: int) -> None:
    """Start the whole platform on this machine, and stop it with Ctrl-C. Its data stays in AGORA_HOME."""
    home = Home.from_environment()
    address = os.environ.get("AGORA_ADDRESS", f"http://127.0.0.1:{port}").rstrip("/")
    progress = Progress()
    with home.lock(address):
        home.check_space()
        check_port(port)
        platform = LocalPlatform(home, port=port, address=address, report=progress.event)
        try:
            with _stop_signals_as_interrupts() as asked_to_stop:
                _bring_up(platform, home, progress)
                _watch(home, progress, asked_to_stop)
        except KeyboardInterrupt:
            progress.text()
        except TimeoutError as error:
            raise StartRefused(f"{error}. The logs are in {home.logs}.") from None
        except OSError as error:
            raise refusal_of(error, home.path) from None
        finally:
            with progress.step("Stopped; the data stays"):
                platform.stop()


def _bring_up(platform: LocalPlatform, home: Home, progress: Progress) -> None:
    started = time.monotonic()
    with progress.step("Started PostgreSQL and Redis"):
        platform.start_databases()
    os.environ.update(platform.environ)
    import django  # noqa: PLC0415 - it reads the environment that was just made

    django.setup()
    from marketplace.cli.start import bring_up  # noqa: PLC0415 - its models need the set-up above

    bring_up(platform, home, progress)
    progress.text(f"\nReady after {time.monotonic() - started:.1f} s. Ctrl-C stops everything; the data stays.")


def _watch(home: Home, progress: Progress, asked_to_stop: threading.Event) -> None:
    """Stays until a signal comes or has come, and warns when the disk fills up."""
    warned = False
    while True:
        if asked_to_stop.is_set():  # and what was just being done swallowed the interrupt
            raise KeyboardInterrupt
        time.sleep(WATCH_SECONDS)
        free = shutil.disk_usage(home.path).free
        if free < LOW_SPACE_BYTES and not warned:
            progress.event(f"Only {free >> 20} MiB are left in {home.path}: free some, or the platform will stop.")
        warned = free < LOW_SPACE_BYTES


@contextmanager
def _stop_signals_as_interrupts() -> Iterator[threading.Event]:
    """Turns each stop signal into KeyboardInterrupt, once; from then on, and at the end, they are ignored.

    The event tells afterwards that one came: an interrupt that falls into a clean-up of Python's is lost.
    """
    asked_to_stop = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        asked_to_stop.set()
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in STOPPING:
        signal.signal(number, interrupt)
    try:
        yield asked_to_stop
    finally:
        for number in STOPPING:
            signal.signal(number, signal.SIG_IGN)
