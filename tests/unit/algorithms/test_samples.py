"""How what a build answers to its samples is taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.accounts.models import User
from marketplace.algorithms.models import OnChange, Version
from marketplace.algorithms.samples import (
    Sample,
    SampleResult,
    check_samples,
    judge,
    merge_samples,
    read_results,
    read_samples,
    set_samples,
)
from marketplace.algorithms.services import publish_version
from marketplace.errors import Conflict, InvalidInput
from tests.factories.catalogue import make_algorithm, make_build, make_version

ONE = Sample("one", "1")


def version_that_answered(sample: Sample, result: bytes) -> Version:
    verdict, digest = judge(sample, result, None)
    return Version(
        samples=[{"name": sample.name, "input": sample.input}],
        sample_results=[{"name": sample.name, "verdict": verdict, "digest": digest}],
    )


@given(st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=4))
def test_the_order_of_members_changes_nothing(value: dict[str, int]) -> None:
    import json

    there, back = (json.dumps(dict(items)).encode() for items in (value.items(), reversed(value.items())))
    last = version_that_answered(ONE, there)
    assert judge(ONE, back, last)[0] == "passed"
    assert judge(Sample("x", "1", expected=there.decode()), back, None)[0] == "passed"


@pytest.mark.parametrize(
    ("sample", "result", "verdict"),
    [
        (ONE, b"2", "passed"),
        (ONE, b"3", "changed"),
        (Sample("renamed", "1"), b"3", "passed"),  # nothing to compare: the version had none of that name and input
        (Sample("one", "7"), b"3", "passed"),
        (Sample("one", "1", expected="3"), b"3", "passed"),
        (Sample("one", "1", expected="3"), b"2", "differs"),
    ],
)
def test_a_result_is_compared_with_what_is_expected_or_came_last(sample: Sample, result: bytes, verdict: str) -> None:
    last = version_that_answered(ONE, b"2")
    if sample.name == "renamed":
        last.sample_results = [{"name": "one", "verdict": "passed", "digest": ""}]
    assert judge(sample, result, last)[0] == verdict


@pytest.mark.parametrize(
    "samples",
    [
        [ONE, ONE],
        [Sample("", "1")],
        [Sample("x" * 61, "1")],
        [Sample("x", "{")],
        [Sample("x", "1", expected="{")],
        [Sample("x", "!", content_type="binary")],
        [Sample("x", '"' + "x" * 20_000 + '"')],
        [Sample(f"{number}", "1") for number in range(11)],
    ],
)
def test_samples_that_cannot_be_right(samples: list[Sample]) -> None:
    with pytest.raises(InvalidInput):
        check_samples(samples)


def test_kept_samples_win_over_those_of_the_source_and_the_usual_input_stands_in() -> None:
    kept = Sample("one", "9")
    assert merge_samples([ONE, Sample("two", "2")], [kept], "5") == (kept, Sample("two", "2"))
    assert merge_samples([], [], "5") == (Sample("sample", "5"),)
    assert merge_samples([], [], "") == ()


@pytest.mark.parametrize(
    ("on_change", "verdict", "published"),
    [("refuse", "passed", True), ("refuse", "failed", False), ("refuse", "changed", False), ("warn", "failed", True)],
)
def test_the_author_decides_what_becomes_of_a_change(
    alice: User, on_change: str, verdict: str, published: bool
) -> None:
    algorithm = set_samples(algorithm=make_algorithm(by=alice), by=alice, samples=[ONE], on_change=on_change)
    build = make_build(algorithm)
    results = [SampleResult("one", verdict)]  # type: ignore[arg-type]
    if not published:
        with pytest.raises(Conflict, match="one"):
            publish_version(build=build, bump="minor", by=alice, sample_results=results)
        return
    version = publish_version(build=build, bump="minor", by=alice, sample_results=results)
    version.refresh_from_db()
    assert (read_samples(version.samples), read_results(version.sample_results)) == ((ONE,), tuple(results))
    assert version.sample_input == "1"


def test_an_author_who_refuses_changes_publishes_nothing_that_was_not_run(alice: User) -> None:
    algorithm = set_samples(algorithm=make_algorithm(by=alice), by=alice, samples=[ONE], on_change=OnChange.REFUSE)
    with pytest.raises(Conflict, match="one was not run"):
        make_version(algorithm)
