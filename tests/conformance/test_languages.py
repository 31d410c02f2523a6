"""The conformance suite as part of the tests; `make conformance` runs all of it and says which languages pass."""

from collections.abc import Callable, Iterator

import pytest

from execution.environments import find_environment, list_available
from tests.conformance.bench import ALGORITHMS, Bench, make_bench
from tests.conformance.checks import CHECKS

LANGUAGES = [found.id for found in list_available() if (ALGORITHMS / found.id).is_dir()]


@pytest.fixture(scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in LANGUAGES])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    environment = find_environment(request.param)
    assert environment is not None
    with make_bench(environment, tmp_path_factory.getbasetemp() / "conformance-cache") as bench:
        yield bench


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_language(bench: Bench, check: Callable[[Bench], None]) -> None:
    check(bench)
