"""Runners that are compiled before they run."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from execution.environments import Environment
from execution.errors import RunnerNotReady
from execution.prepared_runners import prepare_runner
from tests.unit.execution.test_environments import make_environment

COMPILE = ("{toolchain}", "-c", "import pathlib; pathlib.Path('made').write_text(pathlib.Path('runner.x').read_text())")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "template").mkdir(parents=True)
    (folder / "runner.x").write_text("first")
    (folder / "template" / "greeter.x").write_text("for authors")
    return folder


def environment_of(source: Path, *commands: tuple[str, ...]) -> Environment:
    return make_environment(source, prepare=commands, runner=str(source))


def test_a_runner_that_needs_nothing_stays_where_it_is(source: Path, tmp_path: Path) -> None:
    assert prepare_runner(environment_of(source), tmp_path / "kept") == source
    assert not (tmp_path / "kept").exists()


def test_it_is_made_beside_and_kept(source: Path, tmp_path: Path) -> None:
    made = prepare_runner(environment_of(source, COMPILE), tmp_path / "kept")
    assert (made / "made").read_text() == "first"
    assert made.stat().st_mode & 0o777 == 0o755
    assert not (made / "template").exists()
    (made / "made").write_text("as it was kept")
    again = prepare_runner(environment_of(source, COMPILE), tmp_path / "kept")
    assert (again / "made").read_text() == "as it was kept"
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [made.name]


def test_another_source_makes_another_one(source: Path, tmp_path: Path) -> None:
    first = prepare_runner(environment_of(source, COMPILE), tmp_path / "kept")
    (source / "runner.x").write_text("second")
    second = prepare_runner(environment_of(source, COMPILE), tmp_path / "kept")
    assert (second / "made").read_text() == "second"
    assert (first / "made").read_text() == "first"


def test_many_at_once_make_one(source: Path, tmp_path: Path) -> None:
    environments = [environment_of(source, COMPILE) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda found: prepare_runner(found, tmp_path / "kept"), environments))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [made.pop().name]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("{toolchain}", "-c", "raise SystemExit('no library')"), "runner of X cannot be made: no library"),
        (("/nowhere/compiler",), "runner of X cannot be made: .*No such file"),
    ],
)
def test_it_says_why_it_cannot_be_made(source: Path, tmp_path: Path, command: tuple[str, ...], message: str) -> None:
    with pytest.raises(RunnerNotReady, match=message):
        prepare_runner(environment_of(source, command), tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_without_its_toolchain_it_is_not_made(source: Path, tmp_path: Path) -> None:
    environment = make_environment(source, prepare=(COMPILE,), runner=str(source), toolchains=("/nowhere/x",))
    with pytest.raises(RunnerNotReady, match="X is not installed"):
        prepare_runner(environment, tmp_path / "kept")


def test_a_command_gets_no_secrets_of_the_platform(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGORA_SECRET_KEY", "a secret")
    command = (sys.executable, "-c", "import os; open('seen', 'w').write(str(sorted(os.environ)))")
    made = prepare_runner(environment_of(source, command), tmp_path / "kept")
    assert "AGORA" not in (made / "seen").read_text()
    assert "PATH" in (made / "seen").read_text()
