"""Starts a planned process."""

import os
import subprocess

from execution.sandbox.key_ring import take_new_key_ring
from execution.sandbox.plan import Launch


def start_process(launch: Launch, *, channel: int, log: int) -> subprocess.Popen[bytes]:
    """The process, with `channel` as its descriptor 0, and `log` as 2 and, unless it has arguments to read there, as 1.
    Raises OSError.

    Call it from the thread that lives as long as the agent: the process dies with the thread that started it.
    """
    take_new_key_ring()
    if launch.arguments is None:
        return _start(launch, channel, log, log)
    arguments = os.memfd_create("arguments")
    try:
        os.write(arguments, launch.arguments)
        os.lseek(arguments, 0, os.SEEK_SET)
        return _start(launch, channel, arguments, log)
    finally:
        os.close(arguments)


def _start(launch: Launch, channel: int, output: int, log: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(launch.argv, stdin=channel, stdout=output, stderr=log, env=dict(launch.environ), cwd="/")
