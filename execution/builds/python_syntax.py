"""Run by the environment's own interpreter, so that the language's version is the right one: parses each file
named on standard input, one a line, relative to the working directory; the first that fails is answered and
ends the check with status 1. Imports nothing of ours.
"""

import ast
import sys
import warnings
from pathlib import Path


def main() -> int:
    """The exit status."""
    warnings.simplefilter("ignore")
    for name in sys.argv[1:]:
        try:
            ast.parse(Path(name).read_bytes(), filename=name)
        except SyntaxError as error:
            print(f"{name}, line {error.lineno}: {error.msg}")
            return 1
        except (ValueError, RecursionError, MemoryError) as error:
            print(f"{name}: {error or type(error).__name__}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
