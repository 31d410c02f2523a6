"""Running quantiles, and what is kept of each version."""

import math
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from execution.leasing import profiles
from execution.leasing.answers import Usage
from execution.leasing.profiles import (
    MOST_COUNTED,
    MOST_FRESH,
    Profile,
    Profiles,
    Quantiles,
    Recorder,
    bucket_of,
    middle_of,
)

numbers = st.integers(0, 1 << 50)


def count(values: list[int]) -> Quantiles:
    quantiles = Quantiles()
    for value in values:
        quantiles.add(value)
    return quantiles


@given(numbers)
def test_a_bucket_stands_for_what_is_within_a_sixteenth(number: int) -> None:
    assert abs(middle_of(bucket_of(number)) - number) <= number / 16
    assert bucket_of(middle_of(bucket_of(number))) == bucket_of(number)


@given(numbers, numbers)
def test_greater_numbers_have_greater_buckets(first: int, second: int) -> None:
    assert (bucket_of(first) <= bucket_of(second)) or first > second


def test_small_numbers_are_exact() -> None:
    assert [middle_of(bucket_of(number)) for number in range(16)] == list(range(16))


@given(st.lists(numbers, min_size=1, max_size=300), st.sampled_from([0.0, 0.5, 0.95, 1.0]))
def test_quantiles_are_those_of_all_numbers_within_a_sixteenth(values: list[int], part: float) -> None:
    exact = sorted(values)[max(0, math.ceil(part * len(values)) - 1)]
    found = count(values).at(part)
    assert found is not None
    assert abs(found - exact) <= exact / 16


def test_nothing_has_no_quantile() -> None:
    assert Quantiles().at(0.5) is None


def test_many_numbers_keep_their_quantiles() -> None:
    chance = random.Random(1)
    values = [round(chance.lognormvariate(7, 1)) for _ in range(20_000)]
    quantiles = count(values)
    exact = sorted(values)
    assert quantiles.total < MOST_COUNTED
    for part in (0.5, 0.95):
        assert quantiles.at(part) == pytest.approx(exact[int(part * len(values))], rel=0.15)


def test_what_was_is_forgotten() -> None:
    quantiles = count([1_000_000] * MOST_COUNTED * 2)
    for _ in range(4 * MOST_COUNTED):
        quantiles.add(1_000)
    assert quantiles.at(0.95) == pytest.approx(1_000, rel=1 / 16)


@given(st.lists(numbers, max_size=100), st.lists(numbers, max_size=100))
def test_merging_is_counting_both(first: list[int], second: list[int]) -> None:
    merged = count(first)
    merged.merge(count(second))
    assert merged == count(first + second)


def test_a_profile_is_kept_as_json() -> None:
    recorder = Recorder()
    recorder.note_load(20_000)
    recorder.note_call(Usage(run_us=300, cpu_us=200, peak_memory_bytes=10 << 20), 99)
    assert recorder.take_change()
    profile = msgspec.json.decode(msgspec.json.encode(recorder.profile), type=Profile)
    assert profile == recorder.profile
    assert profile.calls == 1
    found = [profile.run_us, profile.cpu_us, profile.peak_memory_bytes, profile.io_bytes, profile.load_us]
    assert [each.at(0.5) for each in found] == [
        pytest.approx(value, rel=1 / 16) for value in (300, 200, 10 << 20, 99, 20_000)
    ]


def test_of_very_many_calls_the_latest_are_counted() -> None:
    recorder = Recorder()
    for number in range(10 * MOST_FRESH):
        recorder.note_call(Usage(run_us=number), 0)
    assert recorder.take_change()
    assert not recorder.take_change()
    assert (recorder.profile.calls, recorder.profile.run_us.total) == (10 * MOST_FRESH, MOST_FRESH)
    lowest = recorder.profile.run_us.at(0.0)
    assert lowest is not None
    assert lowest > 8 * MOST_FRESH


def test_the_versions_that_were_called_last_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "MOST_PROFILES", 3)
    kept = Profiles()
    busy = kept.of("busy")
    for number in range(10):
        busy.note_call(Usage(), 0)
        kept.of(f"version {number}").note_call(Usage(), 0)
        assert "busy" in kept.take_changed()
    assert kept.of("busy") is busy
    assert kept.take_changed() == {}
    assert kept.of("version 0").profile.calls == 0
