"""Starts a planned process."""

import os
import subprocess

from execution.sandbox.key_ring import take_new_key_ring
from execution.sandbox.plan import ARGUMENTS_FD, Launch


def start_process(launch: Launch, *, channel: int, log: int) -> subprocess.Popen[bytes]:
    """The process, with `channel` as its descriptor 0 and `log` as 1 and 2. Raises OSError.

    Call it from the thread that lives as long as the agent: the process dies with the thread that started it.
    """
    take_new_key_ring()
    if launch.arguments is None:
        return _start(launch.argv, launch, channel, log, ())
    arguments = os.memfd_create("arguments")
    try:
        os.write(arguments, launch.arguments)
        os.lseek(arguments, 0, os.SEEK_SET)
        argv = tuple(part.replace(ARGUMENTS_FD, str(arguments)) for part in launch.argv)
        return _start(argv, launch, channel, log, (arguments,))
    finally:
        os.close(arguments)


def _start(
    argv: tuple[str, ...], launch: Launch, channel: int, log: int, pass_fds: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv, stdin=channel, stdout=log, stderr=log, env=dict(launch.environ), cwd="/", pass_fds=pass_fds
    )
