"""What a slot used, from files like the kernel's."""

import os
from pathlib import Path

import pytest

from execution.leasing.usage import PAGE, REPEATS, SMALL_CPU_US, TICK_US, UsageKind, UsageReader


def open_files(folder: Path, cpu: str, memory: str, *, memory_flags: int = os.O_RDWR) -> list[int]:
    for name, text in (("cpu", cpu), ("memory", memory)):
        (folder / name).write_text(text)
    return [os.open(folder / "cpu", os.O_RDONLY), os.open(folder / "memory", memory_flags)]


CPU_STAT = "core_sched 5\nusage_usec 123456\nuser_usec 100000\n"
PROC_STAT = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 30 12 0 0 20 0 1 0 100 1000 50\n"
KINDS: list[tuple[UsageKind, str, int]] = [
    ("cgroup1", "123456789\n", 123_456),
    ("cgroup2", CPU_STAT, 123_456),
    ("proc", PROC_STAT, 42 * TICK_US),
]


@pytest.mark.parametrize(("kind", "text", "expected"), KINDS)
def test_processor_time(tmp_path: Path, kind: UsageKind, text: str, expected: int) -> None:
    reader = UsageReader(kind, open_files(tmp_path, text, "1 2 3\n"))
    assert reader.read_cpu_us() == expected
    reader.close()


def test_memory_of_a_control_group(tmp_path: Path) -> None:
    reader = UsageReader("cgroup1", open_files(tmp_path, "0\n", "1\n"))
    assert (tmp_path / "memory").read_text()[0] == "0", "the peak of the loading is not the first call's"
    (tmp_path / "memory").write_text("4096\n")
    assert reader.read_memory() == 4096
    reader.restart_peak()
    assert (tmp_path / "memory").read_text() == "0096\n"
    reader.close()


def test_small_calls_repeat_a_peak_that_a_small_call_had(tmp_path: Path) -> None:
    reader = UsageReader("cgroup1", open_files(tmp_path, "0\n", "1\n"))
    memory = tmp_path / "memory"

    def take(cpu_us: int, now: str) -> int:
        memory.write_text(now)
        return reader.take_peak(cpu_us)

    assert take(SMALL_CPU_US, "9000\n") == 9000
    assert take(5, "4000\n") == 4000, "the peak of a large call is not the next one's"
    assert [take(5, "4100\n") for _ in range(REPEATS)] == [4000] * REPEATS
    assert take(5, "4200\n") == 4200, "what grows little by little is found"
    assert take(SMALL_CPU_US, "8000\n") == 8000
    reader.close()


def test_memory_of_a_process_is_what_it_holds_now(tmp_path: Path) -> None:
    reader = UsageReader("proc", open_files(tmp_path, PROC_STAT, "900 25 3 4 5 6 7\n"))
    assert reader.read_memory() == 25 * PAGE
    for pages in (26, 27):
        (tmp_path / "memory").write_text(f"900 {pages} 3 4 5 6 7\n")
        assert reader.take_peak(0) == pages * PAGE, "its clock is too coarse to know a small call by"
    assert (tmp_path / "memory").read_text().startswith("900"), "there is nothing to write to"
    reader.close()


def test_a_peak_that_cannot_be_restarted_is_read_all_the_same(tmp_path: Path) -> None:
    reader = UsageReader("cgroup2", open_files(tmp_path, CPU_STAT, "77\n", memory_flags=os.O_RDONLY))
    assert reader.read_memory() == 77
    reader.restart_peak()
    assert reader.read_memory() == 77
    reader.close()


@pytest.mark.parametrize("text", ["", "usage 5\n", "(x) S 1\n"])
@pytest.mark.parametrize("kind", ["cgroup1", "cgroup2", "proc"])
def test_what_cannot_be_read_repeats_the_last(tmp_path: Path, kind: UsageKind, text: str) -> None:
    reader = UsageReader(kind, open_files(tmp_path, {name: text for name, text, _ in KINDS}[kind], "9 9\n"))
    before = reader.read_cpu_us()
    assert before > 0
    (tmp_path / "cpu").write_text(text)
    assert reader.read_cpu_us() == before
    reader.close()


def test_a_closed_reader_repeats_the_last_and_never_reads_a_strangers_file(tmp_path: Path) -> None:
    descriptors = open_files(tmp_path, "5000\n", "1\n")
    reader = UsageReader("cgroup1", descriptors)
    (tmp_path / "memory").write_text("300\n")
    reader.close()
    (tmp_path / "stranger").write_text("999000\n")
    reused = [os.open(tmp_path / "stranger", os.O_RDWR) for _ in descriptors]
    assert (reader.read_cpu_us(), reader.read_memory()) == (5, 300)
    reader.restart_peak()
    assert (tmp_path / "stranger").read_text() == "999000\n"
    for descriptor in reused:
        os.close(descriptor)
