"""`agora call`"""

import base64
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from marketplace.cli.credentials import load_credentials
from marketplace.cli.platform_client import Event, JsonObject, Platform

REFERENCE = re.compile(r"(?:algo://)?(\w+/\w+(?:/[\w.*]+)?)/?")
Input = tuple[bytes, str]
"""A body and its content type."""


@click.command("call")
@click.argument("reference")
@click.option("--data", help="JSON to send.")
@click.option("--text", help="Text to send.")
@click.option("--file", "path", type=click.Path(path_type=Path), help="A file to send, as JSON, text or bytes.")
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
    content, content_type = _input_of(data, text, path)
    with Platform(load_credentials()) as platform:
        if stream:
            _print_events(platform.stream(found[1], content, content_type))
        else:
            _print_answer(platform.call(found[1], content, content_type))


def _input_of(data: str | None, text: str | None, path: Path | None) -> Input:
    if sum(given is not None for given in (data, text, path)) > 1:
        raise click.ClickException("Give one of --data, --text and --file.")
    if path is not None:
        return _input_of_file(path)
    if text is not None:
        return text.encode(errors="surrogateescape"), "text/plain"
    if data is None:
        data = "null" if sys.stdin.isatty() else sys.stdin.read().strip() or "null"
    return _checked_json(data), "application/json"


def _checked_json(text: str) -> bytes:
    try:
        json.loads(text)
    except ValueError as error:
        raise click.ClickException(f"The data is not JSON ({error}): use --text for plain text.") from None
    return text.encode(errors="surrogateescape")


def _input_of_file(path: Path) -> Input:
    """By its suffix: .json is JSON, .txt and .md are text, all others bytes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}.") from None
    kinds = {".json": "application/json", ".txt": "text/plain", ".md": "text/plain"}
    return content, kinds.get(path.suffix.lower(), "application/octet-stream")


def _print_events(events: Iterator[Event]) -> None:
    """Chunks, and the result that a stream may have besides."""
    at_line_start, ended = True, False
    for name, data in events:
        ended = name in {"done", "error"}
        if ended and not at_line_start:
            click.echo()
        if ended:
            _check_error(data)
            if data["result"] is not None:
                _print_answer(data)
        elif name == "binary":
            click.echo(base64.b64decode(data), nl=False)
        else:
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False) + "\n"
            click.echo(text, nl=False)
            at_line_start = text.endswith("\n")
    if not ended:
        raise click.ClickException("The answer broke off: try again.")


def _check_error(answer: JsonObject) -> None:
    if error := answer.get("error"):
        raise click.ClickException(f"{error.get('message')} ({error.get('error_type', 'AlgorithmError')})")


def _print_answer(answer: JsonObject) -> None:
    _check_error(answer)
    kind = answer["metadata"]["content_type"]
    if kind == "binary":
        click.echo(base64.b64decode(answer["result"]), nl=False)
    elif kind == "text":
        click.echo(answer["result"])
    else:
        click.echo(json.dumps(answer["result"], ensure_ascii=False, indent=2))
