"""`agora top`"""

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import click
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from marketplace.cli.credentials import load_credentials
from marketplace.cli.kill import end
from marketplace.cli.platform_client import JsonObject, Platform
from marketplace.cli.running import (
    SlotName,
    look,
    processor_times,
    processors_between,
    summary_of,
    table_of_calls,
)

DOWN, UP, KILL, QUIT, YES = {"j", "\x1b[B"}, {"k", "\x1b[A"}, {"x"}, {"q", "\x03"}, {"y", "Y"}
HELP = "j, k or arrows: mark a call   x: end it   q: leave"


@click.command("top")
@click.option("--all", "everything", is_flag=True, help="Everybody's calls: for administrators of the platform.")
@click.option("--every", type=click.FloatRange(0.2, 60), default=1.0, show_default=True, help="Seconds.")
def command(everything: bool, every: float) -> None:
    """Watch the calls that your organization makes now, and end one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.ClickException("agora top needs a terminal: use agora ps.")
    with Platform(load_credentials()) as platform, _raw_keys(), Live(console=Console(), screen=True) as live:
        Top(platform, live, everything=everything, every=every).run()


class Top:
    """The screen, until its reader has seen enough."""

    def __init__(self, platform: Platform, live: Live, *, everything: bool, every: float) -> None:
        self._platform = platform
        self._live = live
        self._everything = everything
        self._every = every
        self._marked = 0
        self._asking: str | None = None
        """The call that is to be ended, if its reader says yes."""
        self._said = HELP
        self._picture: JsonObject = {"calls": [], "queues": [], "slots": [], "nodes": [], "call_count": 0}
        self._times = processor_times(self._picture)
        self._processors: dict[SlotName, float] = {}
        self._looked_at = time.monotonic()

    def run(self) -> None:
        """Returns when it is left."""
        while True:
            self._look()
            until = time.monotonic() + self._every
            while (left := until - time.monotonic()) > 0:
                key = _read_key(left)
                if key in QUIT:
                    return
                if key and self._take(key):
                    break

    def _look(self) -> None:
        before, began = self._times, self._looked_at
        self._picture = look(self._platform, everything=self._everything)
        self._times, self._looked_at = processor_times(self._picture), time.monotonic()
        self._processors = processors_between(before, self._times, max(0.001, self._looked_at - began))
        self._show()

    def _take(self, key: str) -> bool:
        """Whether to look again at once."""
        if self._asking is not None:
            return self._answer(key)
        calls = self._picture["calls"]
        if key in DOWN | UP:
            self._marked = max(0, min(len(calls) - 1, self._marked + (1 if key in DOWN else -1)))
        elif key in KILL and self._marked < len(calls):
            self._asking = calls[self._marked]["call_id"]
            self._said = f"End {self._asking} of {calls[self._marked]['algorithm']}? y or n"
        self._show()
        return False

    def _answer(self, key: str) -> bool:
        assert self._asking is not None, "there was a question"
        call_id, self._asking, self._said = self._asking, None, HELP
        if key in YES:
            try:
                end(self._platform, call_id, everything=self._everything)
            except click.ClickException as error:
                self._said = error.message
        return True

    def _show(self) -> None:
        self._marked = max(0, min(self._marked, len(self._picture["calls"]) - 1))
        table = table_of_calls(self._picture, processors=self._processors, marked=self._marked)
        head = (Text(summary_of(self._picture)), Text(self._said, style="dim"), Text())
        self._live.update(Group(*head, table), refresh=True)


@contextmanager
def _raw_keys() -> Iterator[None]:
    """Keys come one by one, and are not shown."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _read_key(seconds: float) -> str:
    """A key, or an arrow's three characters; nothing when none comes in time."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return os.read(sys.stdin.fileno(), 8).decode(errors="replace") if ready else ""
