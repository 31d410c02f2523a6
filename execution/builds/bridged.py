"""Programs that have their main loop from a published ADK: the bridge goes into the artifact, and starts them."""

import shutil

from execution.builds.base import BuildJob
from execution.builds.native import PROGRAM
from execution.environments import RUNNERS_FOLDER

BRIDGED_PROGRAM = "program"
"""What the bridge starts when it is told nothing else, in the packages folder."""
BRIDGE = RUNNERS_FOLDER / "bridge" / "bridge.pl"


def add_bridge(job: BuildJob) -> None:
    """Puts the bridge into the packages folder, under the name that runners start."""
    job.log("Written for an ADK of Algorithmia: it runs behind the bridge")
    job.packages.mkdir(exist_ok=True)
    place = job.packages / PROGRAM
    shutil.copyfile(BRIDGE, place)
    place.chmod(0o755)
