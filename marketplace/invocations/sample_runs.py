"""Publishes builds that have shown what they do: their samples are called first, as anybody's calls are."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec

from marketplace.accounts.models import User
from marketplace.algorithms.build_settings import BuildSettings
from marketplace.algorithms.models import Build, BuildState, Version
from marketplace.algorithms.samples import (
    LONGEST_SAMPLE_CHARACTERS,
    Sample,
    SampleResult,
    judge,
    merge_samples,
    read_samples,
)
from marketplace.algorithms.schemas import Schema, check_schemas, find_misfits
from marketplace.algorithms.selectors import list_versions
from marketplace.algorithms.services import publish_version
from marketplace.directory.tokens import CallToken
from marketplace.invocations.gateway_door import QUEUE_SECONDS, Unreachable, call_once
from marketplace.organizations.permissions import check_can_publish
from marketplace.organizations.selectors import get_accessible_organization

LONGEST_SECONDS = 60
"""The longest that one sample may run."""
ALL_SECONDS = 180
"""When no further sample is begun."""
NEWS_SECONDS = 2.0
"""How long a gateway may take to hear of a build."""
PAUSE_SECONDS = 0.05
NOT_FOUND = 404
LONGEST_ERROR = 500


class _Answer(msgspec.Struct):
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    metadata: dict[str, Any] = {}


def run_samples(*, build: Build, by: User, sample_input: str | None = None) -> tuple[SampleResult, ...]:
    """What the build answers to its samples. The owner pays, as for all their calls. Call it outside transactions.

    `sample_input` as in publish_version. Nothing is run for a build that has not succeeded, or is a version.
    Raises NotFound, PermissionDenied, InvalidInput (a sample does not fit the declared schemas).
    """
    algorithm = build.algorithm
    check_can_publish(get_accessible_organization(user=by, slug=algorithm.organization.slug))
    if build.state != BuildState.SUCCEEDED or Version.objects.filter(build=build).exists():
        return ()
    kept = msgspec.convert(build.settings, BuildSettings)
    usual = kept.sample_input if sample_input is None else sample_input
    samples = merge_samples(kept.samples, read_samples(algorithm.samples), usual)
    check_schemas(kept.input_schema, kept.output_schema, samples)
    last = next(iter(list_versions(algorithm=algorithm)), None)
    until = time.monotonic() + ALL_SECONDS
    seconds = min(kept.timeout_seconds, LONGEST_SECONDS)
    results = [_run(build, sample, last, by, min(seconds, int(until - time.monotonic()))) for sample in samples]
    return _hold_to(kept.output_schema, results)


def publish_tested(*, build: Build, by: User, sample_input: str | None = None, **how: Any) -> Version:
    """services.publish_version, with the results of the build's samples. Call it outside transactions."""
    results = run_samples(build=build, by=by, sample_input=sample_input)
    return publish_version(build=build, by=by, sample_input=sample_input, sample_results=results, **how)


def summarize(results: Sequence[SampleResult]) -> list[str]:
    """A sentence for each that was not passed."""
    return [result.sentence for result in results if result.verdict != "passed"]


def _run(build: Build, sample: Sample, last: Version | None, by: User, seconds: int) -> SampleResult:
    if seconds <= 0:
        return SampleResult(sample.name, "not_run", error="The samples before it took too long.")
    give_up = time.monotonic() + NEWS_SECONDS
    try:
        while True:
            answer = call_once(
                _right(build, by),
                f"{build.algorithm.full_name}/{build.id.hex}",
                sample.body,
                content_type=sample.content_type,
                seconds=seconds,
            )
            if answer.status != NOT_FOUND or time.monotonic() > give_up:
                break
            time.sleep(PAUSE_SECONDS)
    except Unreachable as error:
        return SampleResult(sample.name, "not_run", error=f"No gateway answers: {error}."[:LONGEST_ERROR])
    return _read(sample, answer.body, answer.headers.get("x-agora-call-id", ""), last)


def _hold_to(schema: Schema, results: Sequence[SampleResult]) -> tuple[SampleResult, ...]:
    """Those that are not what the author declared differ; results too long to keep are not looked at."""
    shown = [one for one in results if one.result]
    faults = find_misfits(schema, [one.result for one in shown])
    differing = {one.name: fault for one, fault in zip(shown, faults, strict=True) if fault}
    return tuple(_mark(one, differing.get(one.name, "")) for one in results)


def _mark(result: SampleResult, fault: str) -> SampleResult:
    if not fault:
        return result
    return msgspec.structs.replace(result, verdict="differs", error=f"by the output schema, {fault}")


def _right(build: Build, by: User) -> CallToken:
    return CallToken(
        organization_id=str(build.algorithm.organization_id),
        user_id=by.pk,
        expires=int(time.time()) + LONGEST_SECONDS + QUEUE_SECONDS,
    )


def _read(sample: Sample, body: bytes, call_id: str, last: Version | None) -> SampleResult:
    answer = msgspec.json.decode(body, type=_Answer)
    duration = float(answer.metadata.get("duration", 0.0))
    if isinstance(answer.result, msgspec.UnsetType):
        error = answer.error if isinstance(answer.error, dict) else {}
        message = str(error.get("message", "")).replace("\0", "�")[:LONGEST_ERROR]
        verdict = "failed" if call_id else "not_run"
        return SampleResult(sample.name, verdict, error=message, duration=duration, call_id=call_id)
    verdict, digest = judge(sample, bytes(answer.result), last)
    text = bytes(answer.result).decode()
    shown = text if len(text) <= LONGEST_SAMPLE_CHARACTERS else ""
    return SampleResult(sample.name, verdict, shown, digest, duration=duration, call_id=call_id)
