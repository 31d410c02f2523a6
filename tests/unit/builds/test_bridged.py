"""Which Python entries have a main loop of their own, and so get the bridge."""

import time
from collections.abc import Callable

import pytest

from execution.builds.artifact import BuiltArtifact
from tests.unit.builds.conftest import Bench

APPLY = "def apply(input):\n    return input\n\n\n"


@pytest.mark.parametrize(
    ("imports", "end", "bridged"),
    [
        ("from adk import ADK", "algorithm = ADK(apply)\nalgorithm.init('x')\n", True),
        ("from Algorithmia import ADK", "ADK(apply).init()\n", True),
        ("import Algorithmia", "Algorithmia.handler(apply).serve()\n", True),
        ("import Algorithmia", "import colorama\ncolorama.init()\n", False),
        ("import Algorithmia", "client = Algorithmia.client()\n", False),
        ("from adk import ADK", "# algorithm = ADK(apply)\n# algorithm.init('x')\n", False),
        ("", "class ADK:\n    pass\n", False),
    ],
)
def test_an_entry_that_ends_in_the_adks_main_loop_gets_the_bridge(
    bench: Bench,
    content_of: Callable[[BuiltArtifact], dict[str, bytes]],
    imports: str,
    end: str,
    bridged: bool,
) -> None:
    artifact = bench.build({"src/x.py": f"{imports}\n\n\n{APPLY}{end}"}, entry="src/x.py")
    assert (".packages/algorithm" in content_of(artifact)) is bridged


def test_an_entry_cannot_hold_up_the_builds_of_others(bench: Bench) -> None:
    """The builder looks for a main loop itself, outside of the isolation."""
    blank, begun = "\n" * 200_000, "ADK( " * 100_000
    began = time.monotonic()
    bench.build({"src/x.py": f"{blank}from adk import ADK\n{APPLY}X = '{begun}'\n"}, entry="src/x.py")
    assert time.monotonic() - began < 30
