"""Many callers at once, each sending its next call when its last is answered: by wrk, whoever is called."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.benchmarks.caller import Caller
from tests.benchmarks.target import Target

SCRIPT = Path(__file__).with_name("post.lua")


def find_wrk() -> str:
    """The program. Raises FileNotFoundError with what to do."""
    if found := shutil.which("wrk"):
        return found
    raise FileNotFoundError("wrk is not installed, and it makes the load: `apt-get install wrk`, then again.")


def calls_per_second(target: Target, *, callers: int, seconds: float) -> float:
    """Answered calls per second. Raises ValueError when a call fails."""
    with tempfile.NamedTemporaryFile(suffix=".json") as body:
        body.write(target.body)
        body.flush()
        command = [find_wrk(), "-t1", f"-c{callers}", f"-d{seconds:.0f}s", "-s", str(SCRIPT), target.url]
        environ = os.environ | {"BODY_FILE": body.name}
        if target.authorization:
            environ["AUTHORIZATION"] = target.authorization
        run = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=seconds + 30, check=True)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", run.stdout)
    if rate is None or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
        raise ValueError(f"{target.name} failed some of the calls:\n{run.stdout}{run.stderr}")
    with Caller(target) as caller:  # and it still answers with the echo
        caller.milliseconds(1)
    return float(rate[1])
