"""The agent of `agora run` and `agora test`, a process of its own: python -m marketplace.cli.laptop_agent HOME

Artifacts lie in HOME/storage. All other settings are AgentConfig's.
"""

import logging
import sys
from pathlib import Path

from execution.client import run_agent
from execution.config import AgentConfig
from execution.errors import OperatorMustAct


def artifact_path(home: Path, digest: str) -> Path:
    """Where the artifact is kept."""
    return home / "storage" / f"{digest}.tar"


def main() -> None:
    """Runs until it is asked to stop. The last line that it writes says why it could not."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    home = Path(sys.argv[1])
    try:
        run_agent(AgentConfig.from_environment(home), lambda digest: artifact_path(home, digest).open("rb"))
    except OperatorMustAct as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
