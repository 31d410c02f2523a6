"""Which Python entries have a main loop of their own, and so get the bridge."""

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
