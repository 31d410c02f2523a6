"""The system calls that strangers' code may not make: a program for the kernel's filter, in classic BPF.

Refused is what no algorithm needs and what holes in kernels were found in. A call newer than the list is answered as an
older kernel would, so that nothing is open before somebody has looked at it.
"""

import platform
import struct
from errno import ENOSYS, EPERM

from execution.errors import CannotIsolate

MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
"""How the kernel names its way of being called, and which of the numbers below counts."""
NEWEST = 462
"""mseal, of Linux 6.10: from 424 on, all machines count alike. The 32-bit calls of x86_64 have numbers far above."""
REFUSED: dict[str, tuple[int, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "get_kernel_syms": (177, None),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "query_module": (178, None),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
"""By name, the numbers on x86_64 and on aarch64."""
LOOKED_AT = {"clone": (56, 220), "ioctl": (16, 29), "personality": (135, 92), "socket": (41, 198)}
CLONE3 = 435
"""Its flags lie in memory, which a filter cannot read: without it, the C library uses clone."""
NEW_NAMESPACES = 0x7E020000
TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX type into a terminal that they were not given to type."""
PERSONALITIES = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
"""Linux, 32-bit, an older release's name, both, and asking."""
LOCAL, NETLINK, INTERNET = 1, 16, (2, 10)
PROTOCOLS = (0, 1, 6, 17, 58, 262)
"""Of the internet: the default, ICMP, TCP, UDP, ICMPv6, MPTCP. Others have the kernel load what few have looked at."""

LOAD, EQUAL, ABOVE, ANY_BIT, ANSWER = 0x20, 0x15, 0x25, 0x45, 0x06
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16
"""Where in the kernel's description of a call they lie, in bytes."""
ALLOW, KILL, FAIL = 0x7FFF0000, 0x80000000, 0x00050000

Instruction = tuple[int, int, int, int]
"""Operation, instructions to skip when it holds and when not, operand."""


def make_filter(machine: str = "") -> bytes:
    """The program for this machine, or for `machine`. Raises CannotIsolate where its system calls are not known."""
    machine = machine or platform.machine()
    if machine not in MACHINES:
        raise CannotIsolate(f"the system calls of {machine} are not known: nothing would filter them.")
    name, column = MACHINES[machine]
    program = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, name), _answer(KILL), (LOAD, 0, 0, NUMBER)]
    program += [(ABOVE, 0, 1, NEWEST), _fail(ENOSYS), *_when(EQUAL, CLONE3, [_fail(ENOSYS)])]
    for numbers in REFUSED.values():
        if (number := numbers[column]) is not None:
            program += _when(EQUAL, number, [_fail(EPERM)])
    for call, block in _argument_checks().items():
        program += _when(EQUAL, LOOKED_AT[call][column], [*block, _answer(ALLOW)])
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in [*program, _answer(ALLOW)])


def _argument_checks() -> dict[str, list[Instruction]]:
    """For each call that depends on its arguments, what fails it; what comes through is allowed."""
    refuse = [_fail(EPERM)]
    return {
        "clone": [_argument(0), *_when(ANY_BIT, NEW_NAMESPACES, refuse)],
        "ioctl": [_argument(1), *(part for request in TERMINAL_INPUT for part in _when(EQUAL, request, refuse))],
        "personality": [_argument(0), *_allow(PERSONALITIES), *refuse],
        "socket": [
            _argument(0),
            *_allow([LOCAL]),
            # Of netlink only what lists addresses and routes, as the C library's resolver needs it.
            *_when(EQUAL, NETLINK, [_argument(2), *_allow([0]), *refuse]),
            *(
                part
                for family in INTERNET
                for part in _when(EQUAL, family, [_argument(2), *_allow(PROTOCOLS), *refuse])
            ),
            *refuse,
        ],
    }


def _allow(values: tuple[int, ...] | list[int]) -> list[Instruction]:
    return [part for value in values for part in _when(EQUAL, value, [_answer(ALLOW)])]


def _when(test: int, value: int, block: list[Instruction]) -> list[Instruction]:
    """Runs `block` when what was loaded passes the test, and skips it otherwise."""
    return [(test, 0, len(block), value), *block]


def _argument(index: int) -> Instruction:
    """Loads its lower half, which is all that the kernel looks at in those that are checked here."""
    return (LOAD, 0, 0, ARGUMENTS + 8 * index)


def _fail(error: int) -> Instruction:
    return _answer(FAIL | error)


def _answer(value: int) -> Instruction:
    return (ANSWER, 0, 0, value)
