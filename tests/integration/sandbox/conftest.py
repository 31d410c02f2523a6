"""A machine that is ready for slots, in this process."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from execution.agent.launcher import Launcher
from execution.agent.machine import ready_machine
from execution.agent.preparation import Bootable, prepare_now
from execution.config import AgentConfig
from execution.environments import find_environment


@pytest.fixture
def home() -> Iterator[Path]:
    """Closed to all other users, as the home of a user may be."""
    folder = Path(tempfile.mkdtemp(prefix="agora-sandbox-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def config(home: Path) -> AgentConfig:
    return AgentConfig(home)


@pytest.fixture
def launcher(config: AgentConfig) -> Iterator[Launcher]:
    """What this machine is best at."""
    with ready_machine(config) as launcher:
        yield launcher


@pytest.fixture
def python(home: Path) -> Bootable:
    """The Python environment."""
    environment = find_environment("python3")
    assert environment is not None
    return prepare_now(environment, home / "runners")
