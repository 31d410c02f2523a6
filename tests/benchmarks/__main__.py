"""`make bench`: measures calls, and ends with one line of JSON."""

import subprocess
import sys

from tests.benchmarks import calls

try:
    sys.exit(calls.main())
except (FileNotFoundError, TimeoutError, ValueError, subprocess.CalledProcessError) as error:
    sys.exit(str(error))
