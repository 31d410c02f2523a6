"""What a command sends to an algorithm: options, a file or standard input."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Input = tuple[bytes, str]
"""A body and its content type."""
Function = Callable[..., Any]


def takes_input(command: Function) -> Function:
    """Gives a command the options --data, --text and --file, as `data`, `text` and `path`."""
    for option in (
        click.option("--file", "path", type=click.Path(path_type=Path), help="A file to send, as JSON, text or bytes."),
        click.option("--text", help="Text to send."),
        click.option("--data", help="JSON to send."),
    ):
        command = option(command)
    return command


def input_of(data: str | None, text: str | None, path: Path | None) -> Input:
    """Of the one option that was given, or of standard input. Raises click.ClickException."""
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
