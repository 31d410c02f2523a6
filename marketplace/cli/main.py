"""The `agora` command. Each subcommand lives in a module of its own, imported only when it is used:
`agora publish` starts in a moment and never loads Django.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "login": "Remember a platform's address and a key.",
        "init": "Start a new algorithm in a folder of its own.",
        "run": "Run a folder's algorithm on this machine, once.",
        "test": "Run a folder's samples on this machine.",
        "publish": "Build a folder and publish it as the next version.",
        "logs": "Show a build's log, or how calls failed lately.",
        "clone": "Copy an algorithm's source to a folder, by git.",
        "credential": "Give git the key that `agora login` remembers.",
        "call": "Call an algorithm and print its answer.",
        "ps": "List the calls that run.",
        "top": "Watch what runs, and end it.",
        "kill": "End a call that runs.",
        "up": "Run the whole platform on this machine.",
        "administrator": "Make somebody an administrator of the platform.",
        "web": "Run the web server: pages, API and gateway.",
        "agent": "Run the agent that owns this machine's slots.",
        "worker": "Run a worker for work that may wait: mails, invoices, housekeeping.",
        "builder": "Run a worker for builds.",
        "caller": "Run a worker for calls that may wait.",
        "beat": "Run the clock of recurring work.",
        "close": "Prove that ledger, call records and balances agree, and keep the proof.",
        "advisories": "Take known vulnerabilities of packages from a folder.",
        "environment": "Show how the environments stand, or retire one.",
        "sign": "Sign artifacts with the newest key, after it was changed.",
        "drain": "Run the drain, which turns meter events into records and postings.",
    }
)
"""Name to one line of help. The command is `command` in marketplace/cli/<name>.py."""


class LazyGroup(click.Group):
    """Lists COMMANDS without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"marketplace.cli.{cmd_name}").command
        assert isinstance(command, click.Command), f"marketplace.cli.{cmd_name}.command"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="agora")
def main() -> None:
    """Agora: publish algorithms, call them, run the platform."""
