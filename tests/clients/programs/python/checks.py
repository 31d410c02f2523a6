"""What a program of checks prints: a line for each, `passed NAME` or `failed NAME: why`."""

import traceback

CHECKS = []


def check(function):
    """Marks a check; they run in the order of the file."""
    CHECKS.append(function)
    return function


def main():
    for function in CHECKS:
        name = function.__name__
        try:
            function()
        except Exception as error:  # noqa: BLE001 - it is reported
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = " ".join(
                f"{type(error).__name__}: {error} ({place.filename.rpartition('/')[2]}:{place.lineno})".split()
            )
            print(f"failed {name}: {text[:300]}", flush=True)
        else:
            print(f"passed {name}", flush=True)
