"""The filter of system calls, as the kernel would run it."""

import re
import struct
from errno import ENOSYS, EPERM
from pathlib import Path

import pytest

from execution.errors import CannotIsolate
from execution.sandbox.seccomp import ALLOW, FAIL, KILL, LOOKED_AT, MACHINES, NEWEST, REFUSED, make_filter

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
LONGEST = 4096
OTHER_HALF = 0xABCD << 32


def judge(machine: str, number: int, *arguments: int, name: int | None = None) -> int:
    """The filter's answer to a call."""
    name = MACHINES[machine][0] if name is None else name
    call = struct.pack("=IIQ6Q", number, name, 0, *(arguments + (0,) * 6)[:6])
    program = list(struct.iter_unpack("=HBBI", make_filter(machine)))
    at, loaded = 0, 0
    while True:
        operation, when, otherwise, operand = program[at]
        at += 1
        match operation:
            case 0x20:
                loaded = struct.unpack_from("=I", call, operand)[0]
            case 0x06:
                return operand
            case _:
                test = {0x15: loaded == operand, 0x25: loaded > operand, 0x45: bool(loaded & operand)}[operation]
                at += when if test else otherwise


def number_of(machine: str, name: str) -> int | None:
    return {**REFUSED, **LOOKED_AT}[name][MACHINES[machine][1]]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel's headers are not installed")
    text = HEADERS[machine].read_text()
    known = {
        name: int(number) for name, number in re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", text, re.MULTILINE)
    }
    for name in (*REFUSED, *LOOKED_AT):
        assert number_of(machine, name) == known.get(name), name
    assert known["clone3"] == 435


@pytest.mark.parametrize("machine", MACHINES)
def test_each_call_is_answered_as_listed(machine: str) -> None:
    refused = {number_of(machine, name) for name in REFUSED}
    for number in range(NEWEST + 1):
        expected = FAIL | EPERM if number in refused else FAIL | ENOSYS if number == 435 else ALLOW
        if number != number_of(machine, "socket"):  # of no family that is allowed
            assert judge(machine, number) == expected, number


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_of_later_kernels_and_other_ways_to_call(machine: str) -> None:
    for number in (NEWEST + 1, 1000, 0x40000000, 0x40000000 + 101, 0xFFFFFFFF):
        assert judge(machine, number) == FAIL | ENOSYS
    other = MACHINES["aarch64" if machine == "x86_64" else "x86_64"][0]
    for name in (0x40000003, 0x40000028, other):
        assert judge(machine, 39, name=name) == KILL


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "allowed"),
    [
        ("clone", (0x003D0F00,), True),  # a thread
        ("clone", (0x01200011,), True),  # fork
        ("clone", (0x4111,), True),  # vfork
        *(("clone", (flag | 0x11,), False) for flag in (1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30)),
        ("ioctl", (0, 0x5401), True),
        ("ioctl", (0, 0x5412), False),
        ("ioctl", (0, 0x5412 | OTHER_HALF), False),
        ("ioctl", (0, 0x541C), False),
        ("personality", (0xFFFFFFFF,), True),
        ("personality", (0,), True),
        ("personality", (0x0040000,), False),
        ("socket", (1, 1, 0), True),
        ("socket", (2, 1, 6), True),
        ("socket", (10, 2, 17), True),
        ("socket", (2, 1, 132), False),
        ("socket", (10, 3, 255), False),
        ("socket", (16, 3, 0), True),
        ("socket", (16, 3, 9), False),
        *(("socket", (family, 1, 0), False) for family in (0, 3, 4, 9, 17, 21, 29, 31, 38, 39, 40, 44)),
        ("socket", (17 | OTHER_HALF, 3, 0), False),
    ],
)
def test_arguments_count(machine: str, name: str, arguments: tuple[int, ...], allowed: bool) -> None:
    number = number_of(machine, name)
    assert number is not None
    assert judge(machine, number, *arguments) == (ALLOW if allowed else FAIL | EPERM)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_kernel_takes_a_program_of_this_length(machine: str) -> None:
    assert 0 < len(make_filter(machine)) // 8 <= LONGEST


def test_a_machine_whose_calls_are_not_known() -> None:
    with pytest.raises(CannotIsolate, match="riscv64"):
        make_filter("riscv64")
