"""`agora call`"""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click

from marketplace.cli.credentials import load_credentials
from marketplace.cli.inputs import input_of, takes_input
from marketplace.cli.platform_client import Event, JsonObject, Platform

REFERENCE = re.compile(r"(?:algo://)?(\w+/\w+(?:/[\w.*]+)?)/?")


@click.command("call")
@click.argument("reference")
@takes_input
@click.option(
    "--stream", is_flag=True, help="Print the parts of the result as they come: text as it is, JSON by lines."
)
def command(reference: str, data: str | None, text: str | None, path: Path | None, stream: bool) -> None:
    """Call REFERENCE (owner/name, or owner/name/version) and print its result.

    Without an input it sends what stands on standard input, as JSON; at a terminal, null.
    """
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise click.ClickException(f"{reference!r} is not an algorithm: write owner/name or owner/name/version.")
    content, content_type = input_of(data, text, path)
    with Platform(load_credentials()) as platform:
        if stream:
            _print_events(platform.stream(found[1], content, content_type))
        else:
            print_answer(platform.call(found[1], content, content_type))


def _print_events(events: Iterator[Event]) -> None:
    """Chunks, and the result that a stream may have besides."""
    at_line_start, ended = True, False
    for name, data in events:
        ended = name in {"done", "error"}
        if ended and not at_line_start:
            click.echo()
        if ended:
            check_error(data)
            if data["result"] is not None:
                print_answer(data)
        elif name == "binary":
            click.echo(base64.b64decode(data), nl=False)
        else:
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False) + "\n"
            click.echo(text, nl=False)
            at_line_start = text.endswith("\n")
    if not ended:
        raise click.ClickException("The answer broke off: try again.")


def check_error(answer: JsonObject) -> None:
    """Raises click.ClickException for the answer of a call that failed."""
    if error := answer.get("error"):
        raise click.ClickException(f"{error.get('message')} ({error.get('error_type', 'AlgorithmError')})")


def print_answer(answer: JsonObject) -> None:
    """Writes the result: text and bytes as they are. Raises click.ClickException for a call that failed."""
    check_error(answer)
    kind = answer["metadata"]["content_type"]
    if kind == "binary":
        click.echo(base64.b64decode(answer["result"]), nl=False)
    elif kind == "text":
        click.echo(answer["result"])
    else:
        click.echo(json.dumps(answer["result"], ensure_ascii=False, indent=2))
