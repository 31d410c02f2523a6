"""The author's commands against a real server, with a worker that really builds."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.db import connections
from pytest_django.live_server_helper import LiveServer

from marketplace.accounts.models import User
from marketplace.algorithms.building import run_build
from marketplace.algorithms.models import Build, BuildState
from marketplace.cli.main import main
from tests.factories.people import make_api_key, make_user

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def ann(transactional_db: None) -> User:
    return make_user("ann")


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """Builds what is queued, as a worker does."""
    over = threading.Event()

    def work() -> None:
        try:
            while not over.wait(0.05):
                for build_id in Build.objects.filter(state=BuildState.QUEUED).values_list("pk", flat=True):
                    run_build(build_id)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def run(ann: User, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `agora` as Ann, in an empty folder; answers its exit code and what it said."""
    monkeypatch.setenv("AGORA_ADDRESS", live_server.url)
    monkeypatch.setenv("AGORA_API_KEY", make_api_key(by=ann).text)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run_command(*arguments: str, **environment: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, arguments, env=environment)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return run_command
