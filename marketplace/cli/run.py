"""`agora run`"""

import json
from pathlib import Path

import click

from execution.client import Answer
from marketplace.cli.call import print_answer
from marketplace.cli.inputs import input_of, takes_input
from marketplace.cli.laptop import open_laptop
from marketplace.cli.platform_client import JsonObject
from marketplace.cli.publish import read_folder
from marketplace.gateway.inputs import kind_of


@click.command("run")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
@takes_input
def command(folder: Path, data: str | None, text: str | None, path: Path | None) -> None:
    """Build FOLDER on this machine, call it once, and print its result.

    It is isolated and limited as on the platform. What it prints goes to standard error. Without an input it gets what
    stands on standard input, as JSON; at a terminal, null.
    """
    manifest = read_folder(folder)
    content, content_type = input_of(data, text, path)
    with open_laptop(folder, manifest, _tell) as laptop:
        answer = laptop.call(kind_of(content_type.encode()), content)
    show_prints(answer)
    _tell(f"{answer.usage.run_us / 1e6:.3f} s, {answer.usage.peak_memory_bytes / 2**20:,.0f} MiB at most")
    print_answer(_as_platform_says(answer))


def show_prints(answer: Answer) -> None:
    """What the algorithm printed, and where it failed, on standard error."""
    trace = (answer.error.stacktrace if answer.error else None) or ""
    for said in (answer.printed or "", trace):
        if said.strip():
            _tell(said.rstrip("\n"))


def _as_platform_says(answer: Answer) -> JsonObject:
    if answer.error is not None:
        return {"error": {"message": answer.error.message, "error_type": answer.error.error_type}}
    assert answer.result is not None, "without an error there is a result"
    return {"result": json.loads(bytes(answer.result)), "metadata": {"content_type": answer.content_type}}


def _tell(line: str) -> None:
    click.echo(line, err=True)
