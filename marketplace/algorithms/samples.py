"""Sample inputs: what the store page starts with, and what a build is tested with before it becomes a version."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from django.db import transaction

from marketplace.accounts.models import User
from marketplace.algorithms.locks import lock_algorithm
from marketplace.algorithms.models import Algorithm, OnChange, Version
from marketplace.algorithms.result_digests import digest_result
from marketplace.audit.services import record
from marketplace.errors import InvalidInput
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import get_accessible_organization
from marketplace.texts import check_storable

MOST_SAMPLES = 10
LONGEST_NAME = 60
LONGEST_SAMPLE_CHARACTERS = 20_000
USUAL_NAME = "sample"
"""Of the one input of an author who names none."""
Verdict = Literal["passed", "failed", "differs", "changed", "not_run"]
WORDS: dict[Verdict, str] = {
    "passed": "passed",
    "failed": "failed",
    "differs": "did not answer what it should",
    "changed": "answers something else than the last version",
    "not_run": "could not be run",
}


class Sample(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An input, and what it shall be answered with, if the author says so."""

    name: str
    input: str
    """JSON text, text, or base64 of bytes, by `content_type`."""
    content_type: Literal["json", "text", "binary"] = "json"
    expected: str | None = None
    """The result as JSON text."""

    @property
    def body(self) -> bytes:
        """As it is sent."""
        return base64.b64decode(self.input) if self.content_type == "binary" else self.input.encode()


class SampleResult(msgspec.Struct, frozen=True):
    """What became of a sample when a version was published."""

    name: str
    verdict: Verdict
    result: str = ""
    """JSON text; empty when it is too long to keep, or there is none."""
    digest: str = ""
    """SHA-256 of the result's value, whatever the order of its members."""
    error: str = ""
    duration: float = 0.0
    """Seconds that it ran."""
    call_id: str = ""

    @property
    def sentence(self) -> str:
        """For the author."""
        return f"{self.name} {WORDS[self.verdict]}" + (f": {self.error}" if self.error else "")


def check_samples(samples: Sequence[Sample]) -> None:
    """Raises InvalidInput for the first that cannot be right."""
    if len(samples) > MOST_SAMPLES:
        raise InvalidInput("samples", f"An algorithm may have {MOST_SAMPLES} samples.")
    if len({sample.name for sample in samples}) < len(samples):
        raise InvalidInput("samples", "Each sample needs a name of its own.")
    for sample in samples:
        for text in (sample.name, sample.input, sample.expected or ""):
            check_storable("samples", text)
        if not 0 < len(sample.name) <= LONGEST_NAME:
            raise InvalidInput("samples", f"The name of a sample has 1 to {LONGEST_NAME} characters.")
        if max(len(sample.input), len(sample.expected or "")) > LONGEST_SAMPLE_CHARACTERS:
            raise InvalidInput("samples", f"A sample may have {LONGEST_SAMPLE_CHARACTERS} characters.")
        _check_readable(sample)


def merge_samples(built: Sequence[Sample], kept: Sequence[Sample], usual_input: str) -> tuple[Sample, ...]:
    """Those of the source, and those kept with the algorithm, which win; without any, the one usual input."""
    merged = {sample.name: sample for sample in (*built, *kept)}
    if not merged and usual_input:
        return (Sample(USUAL_NAME, usual_input),)
    return tuple(merged.values())[:MOST_SAMPLES]


def judge(sample: Sample, result: bytes, last: Version | None) -> tuple[Verdict, str]:
    """How a result (JSON) is to be taken, and its digest. `last` is the version that it is compared with."""
    digest = digest_result(result)
    if sample.expected is not None:
        return ("passed" if digest == digest_result(sample.expected.encode()) else "differs"), digest
    before = _find_digest(sample, last)
    return ("changed" if before and before != digest else "passed"), digest


def read_samples(rows: Any) -> tuple[Sample, ...]:
    """Samples as JSON columns keep them."""
    return msgspec.convert(rows, tuple[Sample, ...])


def read_results(rows: Any) -> tuple[SampleResult, ...]:
    """Results as JSON columns keep them."""
    return msgspec.convert(rows, tuple[SampleResult, ...])


@transaction.atomic
def set_samples(
    *, algorithm: Algorithm, by: User, samples: Sequence[Sample] | None = None, on_change: str | None = None
) -> Algorithm:
    """Keeps samples with the algorithm, for every later build, and what publishing does when one is not passed.

    None leaves a part as it is. Raises NotFound, PermissionDenied, InvalidInput.
    """
    check_can_publish(get_accessible_organization(user=by, slug=algorithm.organization.slug))
    current = lock_algorithm(algorithm.pk)
    if samples is not None:
        check_samples(samples)
        current.samples = msgspec.to_builtins(tuple(samples))
    if on_change is not None:
        if on_change not in OnChange.values:
            raise InvalidInput("on_change", f"Choose one of {', '.join(OnChange.values)}.")
        current.on_change = on_change
    current.save(update_fields=["samples", "on_change"])
    record(
        actor=by,
        organization_id=current.organization_id,
        action="samples.set",
        subject_label=current.full_name,
        subject_id=current.pk,
        details={"samples": [sample["name"] for sample in current.samples], "on_change": current.on_change},
    )
    return current


def _check_readable(sample: Sample) -> None:
    try:
        if sample.content_type == "json":
            msgspec.json.decode(sample.input)
        elif sample.content_type == "binary":
            base64.b64decode(sample.input, validate=True)
        if sample.expected is not None:
            msgspec.json.decode(sample.expected)
    except (msgspec.DecodeError, RecursionError, binascii.Error) as error:
        raise InvalidInput("samples", f"The sample {sample.name} cannot be read: {error}.") from None


def _find_digest(sample: Sample, version: Version | None) -> str:
    """Of what the version answered to the same input; empty when it was not asked, or failed."""
    if version is None:
        return ""
    same = {old.name for old in read_samples(version.samples) if _question(old) == _question(sample)}
    return next((old.digest for old in read_results(version.sample_results) if old.name in same), "")


def _question(sample: Sample) -> tuple[str, str]:
    return sample.content_type, sample.input
