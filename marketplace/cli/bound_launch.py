"""Runs a program that dies when the process which asked for it dies, however that dies.

    python -I -S bound_launch.py PARENT SIGNAL USER NICENESS PROGRAM ARGUMENTS...

A script of its own, so that nothing runs between fork and exec in a supervisor that has threads. PARENT is the pid of
the asking process, SIGNAL the number of the signal to die of, USER a number to run as (`-` for no change), NICENESS how
much later than others it gets a processor, below 0 how much sooner.
"""

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Becomes the program. Ends with 143 when the parent is gone already."""
    parent, signal_number, user, niceness, *command = sys.argv[1:]
    be_nice(int(niceness))
    if user != "-":
        os.setgroups([])
        os.setgid(pwd.getpwuid(int(user)).pw_gid)
        os.setuid(int(user))
    # After the change of user, which the kernel takes as a reason to forget it.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(143)
    os.execv(command[0], command)  # noqa: S606 - no shell on purpose


def be_nice(niceness: int) -> None:
    """As far as this user may. Linux lets sessions have turns before processes, where it is set up for desktops, and
    this program has one of its own: a process's niceness counts for nothing then, and the session's does."""
    try:
        os.nice(niceness)
        session = os.open("/proc/self/autogroup", os.O_WRONLY)
        os.write(session, b"%d" % niceness)
        os.close(session)
    except OSError:
        pass


main()
