"""Reads what a slot used from the descriptors that came with its lease (see agent_messages.Leased.usage)."""

import os
import re
from typing import Literal

UsageKind = Literal["cgroup1", "cgroup2", "proc"]
DESCRIPTORS = 2
TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SMALL_CPU_US = 1_000
"""In so many microseconds of its processor a call can fill two megabytes, and six where it has huge pages."""
REPEATS = 31
CPU_FIELD = re.compile(rb"usage_usec (\d+)")
READ_ERRORS = (OSError, ValueError, IndexError)
"""What a reading of a group or process that is no more ends in."""


class UsageReader:
    """One slot's processor time and memory. After the slot's death it repeats what it read last.

    A call makes four system calls here: processor time before and after it, the peak of memory, and its restart. They
    take 0.5 to 0.9 microseconds each with control groups, and 3 with /proc. Processor time is read before a call too,
    unless another has ended just then: what threads of an idle slot compute is charged to nobody.
    Of small calls, one after the other, only some read the memory: what they could fill in their time is little.
    """

    def __init__(self, kind: UsageKind, descriptors: list[int]) -> None:
        """Owns the two descriptors."""
        self._kind = kind
        self._cpu, self._memory = descriptors
        self.last_cpu_us = 0
        """What was read last, in microseconds."""
        self._last_memory = 0
        self._can_restart = kind != "proc"
        self._repeats = 0
        """How many small calls may still take the last reading of memory for theirs."""
        self.restart_peak()

    def read_cpu_us(self) -> int:
        """Processor time since the slot began, in microseconds."""
        try:
            self.last_cpu_us = self._parse_cpu(os.pread(self._cpu, 4096, 0))
        except READ_ERRORS:
            return self.last_cpu_us
        return self.last_cpu_us

    def read_memory(self) -> int:
        """The most memory since the last restart_peak (or now, where the machine keeps no peak), in bytes."""
        try:
            text = os.pread(self._memory, 256, 0)
            self._last_memory = int(text.split()[1]) * PAGE if self._kind == "proc" else int(text)
        except READ_ERRORS:
            return self._last_memory
        return self._last_memory

    def take_peak(self, cpu_us: int) -> int:
        """The most memory that a call held which used so much processor time; what comes after it starts anew."""
        small = cpu_us < SMALL_CPU_US
        if small and self._repeats:
            self._repeats -= 1
            return self._last_memory
        self._repeats = REPEATS if small and self._can_restart else 0
        peak = self.read_memory()
        self.restart_peak()
        return peak

    def restart_peak(self) -> None:
        """Forgets the peak, where the machine can."""
        if self._can_restart:
            try:
                os.pwrite(self._memory, b"0", 0)
            except OSError:  # Linux before 6.12 has a memory.peak that is of the whole life
                self._can_restart = False

    def close(self) -> None:
        """Reads a last time, and gives the descriptors back."""
        self.read_cpu_us()
        self.read_memory()
        os.close(self._cpu)
        os.close(self._memory)
        self._cpu = self._memory = -1  # never read what reuses the number

    def _parse_cpu(self, text: bytes) -> int:
        if self._kind == "cgroup1":
            return int(text) // 1000
        if self._kind == "cgroup2":
            found = CPU_FIELD.search(text)
            return int(found[1]) if found else self.last_cpu_us
        # After the name, which may hold blanks and brackets: utime and stime are fields 14 and 15 of the line.
        fields = text.rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) * TICK_US
