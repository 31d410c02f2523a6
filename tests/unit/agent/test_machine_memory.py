"""How much memory is left."""

from pathlib import Path

import pytest

from execution.agent.machine_memory import (
    SLOT_COST,
    Memory,
    container_memory,
    has_memory_for_slot,
    has_reserve,
    is_memory_short,
    leaves_reserve,
    parse_meminfo,
)

GIBIBYTE = 1 << 30


def test_meminfo() -> None:
    text = (
        "MemTotal:       24684084 kB\nMemFree:        23674028 kB\nMemAvailable:   24242112 kB\nHugePages_Total:   0\n"
    )
    assert parse_meminfo(text) == Memory(24684084 << 10, 24242112 << 10)


@pytest.mark.parametrize(
    ("total", "available", "enough"),
    [
        (64 * GIBIBYTE, 2 * GIBIBYTE, True),
        (64 * GIBIBYTE, GIBIBYTE, False),
        (4 * GIBIBYTE, GIBIBYTE // 2, True),
        (4 * GIBIBYTE, GIBIBYTE // 4, False),
    ],
)
def test_a_part_is_kept_for_everything_else(total: int, available: int, enough: bool) -> None:
    assert leaves_reserve(Memory(total, available)) is enough
    assert has_reserve(Memory(total, available - SLOT_COST)) is enough, "a slot that boots is not given up for it"


def test_a_container_of_version_2(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 300\ninactive_file 100\nactive_file 5\n")
    assert list(container_memory(tmp_path, GIBIBYTE)) == [Memory(1000, 400)]


def test_a_container_of_version_1(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text("1000\n")
    (folder / "memory.usage_in_bytes").write_text("700\n")
    (folder / "memory.stat").write_text("inactive_file 1\ntotal_inactive_file 100\n")
    assert list(container_memory(tmp_path, GIBIBYTE)) == [Memory(1000, 400)]


def test_no_container(tmp_path: Path) -> None:
    assert list(container_memory(tmp_path, GIBIBYTE)) == []
    for text in ("max\n", f"{2 * GIBIBYTE}\n"):
        (tmp_path / "memory.max").write_text(text)
        assert list(container_memory(tmp_path, GIBIBYTE)) == []


def test_this_machine_has_some() -> None:
    assert has_memory_for_slot()
    assert not is_memory_short()
