"""`agora call`"""

import base64
import json
import re
import sys
from pathlib import Path

import click

from marketplace.cli.credentials import load_credentials
from marketplace.cli.platform_client import JsonObject, Platform

REFERENCE = re.compile(r"(?:algo://)?(\w+/\w+(?:/[\w.*]+)?)/?")
Input = tuple[bytes, str]
"""A body and its content type."""


@click.command("call")
@click.argument("reference")
@click.option("--data", help="JSON to send.")
@click.option("--text", help="Text to send.")
@click.option("--file", "path", type=click.Path(path_type=Path), help="A file to send, as JSON, text or bytes.")
def command(reference: str, data: str | None, text: str | None, path: Path | None) -> None:
    """Call REFERENCE (owner/name, or owner/name/version) and print its result.

    Without an option it sends what stands on standard input, as JSON; at a terminal, null.
    """
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise click.ClickException(f"{reference!r} is not an algorithm: write owner/name or owner/name/version.")
    content, content_type = _input_of(data, text, path)
    with Platform(load_credentials()) as platform:
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


def _print_answer(answer: JsonObject) -> None:
    if error := answer.get("error"):
        raise click.ClickException(f"{error.get('message')} ({error.get('error_type', 'AlgorithmError')})")
    kind = answer["metadata"]["content_type"]
    if kind == "binary":
        click.echo(base64.b64decode(answer["result"]), nl=False)
    elif kind == "text":
        click.echo(answer["result"])
    else:
        click.echo(json.dumps(answer["result"], ensure_ascii=False, indent=2))
