"""`agora test`"""

import base64
import binascii
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from execution.client import Answer
from marketplace.algorithms.result_digests import digest_result
from marketplace.cli.laptop import Laptop, open_laptop
from marketplace.cli.publish import read_folder
from marketplace.cli.run import show_prints
from marketplace.invocations.requests import find_fault
from marketplace.manifest import FILE_NAME, Manifest, NamedSample

LONGEST_SHOWN = 300
"""Characters of a result."""
USUAL_NAME = "sample"
"""Of [sample], which is run where there is no [[samples]]."""


@click.command("test")
@click.argument("folder", type=click.Path(path_type=Path), default=".")
def command(folder: Path) -> None:
    """Build FOLDER on this machine, and run the samples of its agora.toml as publishing does.

    A sample is passed when its call ends without an error and, where it has `expected`, with that result.
    """
    manifest = read_folder(folder)
    samples = _samples_of(manifest)
    for sample in samples:
        _check(sample)
    with open_laptop(folder, manifest, lambda line: click.echo(line, err=True)) as laptop:
        failed = [sample.name for sample in samples if not _run(laptop, sample)]
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(samples)} samples not passed: {', '.join(failed)}.")
    click.echo(f"{len(samples)} of {len(samples)} samples passed.")


def _samples_of(manifest: Manifest) -> Sequence[NamedSample]:
    """Raises click.ClickException when there is none."""
    samples = manifest.samples
    if not samples and manifest.sample.input:
        samples = (NamedSample(USUAL_NAME, manifest.sample.input),)
    if not samples:
        raise click.ClickException(f"{FILE_NAME} has no samples: add a [[samples]] with a name and an input.")
    return samples


def _run(laptop: Laptop, sample: NamedSample) -> bool:
    """Whether it was passed, after one line that says so."""
    answer = laptop.call(sample.content_type, _body_of(sample))
    fault = _find_fault(answer, sample)
    click.echo(f"{'FAILED' if fault else 'passed'} {sample.name}" + (f": {fault}" if fault else ""))
    if fault:
        show_prints(answer)
    return not fault


def _check(sample: NamedSample) -> None:
    """Before anything is built. Raises click.ClickException for a sample that cannot be right."""
    fault = find_fault(sample.content_type, _body_of(sample))
    if fault is not None:
        raise click.ClickException(f"{FILE_NAME}: the input of {sample.name} cannot be sent: {fault}")
    try:
        digest_result((sample.expected or "null").encode())
    except (msgspec.DecodeError, RecursionError):
        raise click.ClickException(
            f"{FILE_NAME}: what is expected of {sample.name} must be JSON; text in quotes, such as '\"so\"'."
        ) from None


def _body_of(sample: NamedSample) -> bytes:
    if sample.content_type != "binary":
        return sample.input.encode()
    try:
        return base64.b64decode(sample.input, validate=True)
    except binascii.Error as error:
        raise click.ClickException(f"{FILE_NAME}: the input of {sample.name} is not base64: {error}.") from None


def _find_fault(answer: Answer, sample: NamedSample) -> str:
    """Empty for a sample that was passed."""
    if answer.error is not None:
        return f"{answer.error.message} ({answer.error.error_type})"
    assert answer.result is not None, "without an error there is a result"
    result, expected = bytes(answer.result), sample.expected
    if expected is None or digest_result(result) == digest_result(expected.encode()):
        return ""
    return f"it answered {_cut(result.decode())}, and should {_cut(expected)}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
