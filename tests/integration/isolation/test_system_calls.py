"""What an algorithm must not ask of the kernel: without the filter it would do it, or refuse it differently."""

import platform
from errno import ENOSYS, EPERM
from signal import SIGSYS

import pytest

from execution.sandbox.seccomp import LOOKED_AT, MACHINES, NEWEST, REFUSED
from tests.integration.isolation.conftest import Attacker

pytestmark = pytest.mark.xdist_group("isolation")  # share agents

CALL = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    ctypes.set_errno(0)
    done = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(value) for value in arguments))
    return ctypes.get_errno() if done == -1 else "done"
"""
NUMBERS = {
    name: numbers[MACHINES[platform.machine()][1]]
    for name, numbers in {**REFUSED, **LOOKED_AT}.items()
    if platform.machine() in MACHINES
}
NO_RANDOMIZATION, USER_MODE_ONLY, HERE = 0x0040000, 1, -100
INTERNET, VSOCK, ALG, NETLINK, PACKET = 2, 40, 38, 16, 17
STREAM, DATAGRAM = 1, 2
AUDIT, SCTP = 9, 132
NEW_USER, NEW_NETWORK, CHILD_ENDED = 0x10000000, 0x40000000, 17


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ptrace", [0, 0, 0, 0]),
        ("process_vm_readv", [1, 0, 0, 0, 0, 0]),
        ("process_vm_writev", [1, 0, 0, 0, 0, 0]),
        ("keyctl", [0, -3, 1]),
        ("add_key", [0, 0, 0, 0, -3]),
        ("request_key", [0, 0, 0, 0]),
        ("userfaultfd", [USER_MODE_ONLY]),
        ("io_uring_setup", [1, 0]),
        ("io_uring_enter", [-1, 0, 0, 0, 0]),
        ("unshare", [0]),
        ("setns", [-1, 0]),
        ("kcmp", [1, 1, 2, 0, 0]),
        ("pidfd_getfd", [-1, 0, 0]),
        ("open_tree", [HERE, 0, 0]),
        ("perf_event_open", [0, 0, -1, -1, 0]),
        ("modify_ldt", [0, 0, 0]),
        ("personality", [NO_RANDOMIZATION]),
        ("ioctl", [0, 0x5412, 0]),
        ("ioctl", [0, 0x541C, 0]),
        ("clone", [NEW_USER | CHILD_ENDED, 0, 0, 0, 0]),
        ("clone", [NEW_USER | NEW_NETWORK | CHILD_ENDED, 0, 0, 0, 0]),
        ("socket", [VSOCK, STREAM, 0]),
        ("socket", [ALG, 5, 0]),
        ("socket", [NETLINK, DATAGRAM, AUDIT]),
        ("socket", [PACKET, DATAGRAM, 0]),
        ("socket", [INTERNET, STREAM, SCTP]),
        ("socket", [10, STREAM, SCTP]),
    ],
)
async def test_a_call_is_refused(attacker: Attacker, name: str, arguments: list[int]) -> None:
    if NUMBERS.get(name) is None:
        pytest.skip(f"{platform.machine()} has no {name}")
    said = await attacker.run(CALL + "result = call(number, *arguments)", number=NUMBERS[name], arguments=arguments)
    assert said == EPERM


async def test_every_call_on_the_list_is_refused(attacker: Attacker) -> None:
    """Some would be refused without a filter too, for want of a capability."""
    numbers = {name: NUMBERS[name] for name in REFUSED if NUMBERS[name] is not None}
    source = CALL + "result = {name: call(number, -1, -1, -1, -1, -1, -1) for name, number in numbers.items()}"
    assert await attacker.run(source, numbers=numbers) == dict.fromkeys(numbers, EPERM)


async def test_what_cannot_be_looked_into_is_not_there(attacker: Attacker) -> None:
    numbers = [435, NEWEST + 1, NEWEST + 50, 0x40000000 + 39]
    said = await attacker.run(CALL + "result = [call(number, 0, 0) for number in numbers]", numbers=numbers)
    assert said == [ENOSYS] * 4


@pytest.mark.skipif(platform.machine() != "x86_64", reason="this machine has no second way to call its kernel")
async def test_the_old_way_to_call_ends_the_process(attacker: Attacker) -> None:
    said = await attacker.run("""
        import ctypes, mmap, os
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\\x53\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\x5b\\xc3")  # eax = getpid; int 0x80
        start = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
        pid = os.fork()
        if pid == 0:
            start()
            os._exit(0)
        result = os.waitpid(pid, 0)[1]
    """)
    assert isinstance(said, int)
    assert said & 0x7F == SIGSYS


async def test_every_process_of_a_slot_is_filtered(attacker: Attacker) -> None:
    states = await attacker.run("""
        import glob
        result = [open(path).read().split("Seccomp:")[1].split()[0] for path in glob.glob("/proc/[0-9]*/status")]
    """)
    assert isinstance(states, list)
    assert len(states) >= 2
    assert set(states) == {"2"}


async def test_what_programs_need_is_allowed(attacker: Attacker) -> None:
    said = await attacker.run("""
        import os, socket, subprocess, threading
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
        ours, theirs = socket.socketpair()
        for family, kind in ((socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_STREAM),
                             (socket.AF_INET6, socket.SOCK_DGRAM), (socket.AF_NETLINK, socket.SOCK_RAW)):
            socket.socket(family, kind).close()
        os.memfd_create("memory")
        os.mkfifo("/tmp/fifo")
        interfaces = [name for _, name in socket.if_nameindex()]
        result = [subprocess.run(["/bin/sh", "-c", "echo $((1 + 1)) | cat"], capture_output=True, text=True).stdout]
        result += interfaces
    """)
    assert said == ["2\n", "lo"]
