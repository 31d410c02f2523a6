"""Runs one Python algorithm that has its main loop from a published ADK. Started by the bridge: see bridge.pl.

    main_loop.py ENTRY

Stand-alone: standard library only, Python 3.9 or newer.
"""

import collections
import importlib
import inspect
import os
import sys
import traceback

ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def main(entry):
    """Imports the entry, whose last statement serves until standard input ends."""
    sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    restore_what_python_dropped()
    directory = os.getcwd()
    sys.path[0:1] = [directory, os.path.dirname(os.path.join(directory, entry))]
    sys.path.append(os.path.join(directory, ".packages"))  # last: the ADK brings an argparse older than Python's own
    importlib.import_module(os.path.splitext(entry)[0].replace("/", "."))


def restore_what_python_dropped():
    """The ADKs call them: without these, each exception of the author's would end the process."""
    if not hasattr(inspect, "getargspec"):  # gone since Python 3.11
        inspect.getargspec = lambda function: ArgSpec(*inspect.getfullargspec(function)[:4])
    for name in ("format_exception", "print_exception"):
        setattr(traceback, name, with_etype(getattr(traceback, name)))


def with_etype(function):
    """`function`, which also takes the exception's class by the name that it had before Python 3.10."""

    def call(*arguments, **named):
        if "etype" in named:
            arguments = (named.pop("etype"), *arguments)
        return function(*arguments, **named)

    return call


if __name__ == "__main__":
    main(sys.argv[1])
