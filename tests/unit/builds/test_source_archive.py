"""What strangers may send, and what is refused."""

import tarfile
import tracemalloc
from pathlib import Path

import pytest

from execution.builds.base import BuildLimits
from execution.errors import BuildFailed
from tests.unit.builds.conftest import Bench, Member, member, write_archive

GOOD = member("src/x.py", b"def apply(input):\n    return input\n")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (member("../escape.py"), r"'\.\./escape\.py' in the source would be unpacked outside"),
        (member("src/../../escape.py"), "would be unpacked outside"),
        (member("/etc/escape"), "would be unpacked outside"),
        (member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "The link 'link' leads out of the source"),
        (member("src/link", type=tarfile.SYMTYPE, linkname="../../secret"), "leads out of the source"),
        (member("loop", type=tarfile.SYMTYPE, linkname="loop"), "leads out of the source"),
        (member("hard", type=tarfile.LNKTYPE, linkname="src/x.py"), "has a hard link, 'hard'"),
        (member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3), "neither a file, a folder nor a link"),
        (member("pipe", type=tarfile.FIFOTYPE), "neither a file, a folder nor a link"),
        (member("src/x.py", b"again"), "is in the source twice"),
        (member("src/x.py/inner", b"again"), "both a file and a folder"),
        (member("a" * 1500), "file name in the source is too long"),
        (member("src/" + "ü" * 130), "file name in the source is too long"),
        (member("src/x.py/../y.py"), "would be unpacked outside"),
        (member("./src/./x.py", b"again"), "is in the source twice"),
        (member("SRC/../../x"), "would be unpacked outside"),
        (member("."), "is in the source twice"),
        (member("empty", type=tarfile.SYMTYPE, linkname=""), "has no target"),
        (member("nul", type=tarfile.SYMTYPE, pax_headers={"linkpath": "a\0b"}), "has no target"),
        (member("long", type=tarfile.SYMTYPE, linkname="a" * 5000), "has no target"),
        (member("block", type=tarfile.BLKTYPE, devmajor=8), "neither a file, a folder nor a link"),
        (member("sparse", pax_headers={"GNU.sparse.map": "0,1"}), "neither a file, a folder nor a link"),
    ],
)
def test_it_refuses_a_member(bench: Bench, bad: Member, message: str) -> None:
    with pytest.raises(BuildFailed, match=message):
        bench.build_members([GOOD, bad])
    assert not (bench.folder / "escape.py").exists()


def test_it_refuses_links_that_lead_out_only_together(bench: Bench) -> None:
    chain = [
        member("deep/x/up", type=tarfile.SYMTYPE, linkname="../.."),
        member("out", type=tarfile.SYMTYPE, linkname="deep/x/up/../secret"),
    ]
    with pytest.raises(BuildFailed, match="leads out of the source"):
        bench.build_members([GOOD, *chain])


def test_it_never_writes_through_a_link(bench: Bench) -> None:
    through = [member("src/d", type=tarfile.SYMTYPE, linkname="../.."), member("src/d/escaped", b"x")]
    with pytest.raises(BuildFailed, match=r"twice|leads out"):
        bench.build_members([GOOD, *through])
    assert not list(bench.folder.glob("**/workspace*/escaped"))


def test_it_keeps_links_that_stay_inside(bench: Bench) -> None:
    artifact = bench.build_members([GOOD, member("y.py", type=tarfile.SYMTYPE, linkname="src/x.py")])
    with tarfile.open(artifact.path) as tar:
        assert tar.getmember("y.py").linkname == "src/x.py"


def test_it_refuses_too_many_files(bench: Bench) -> None:
    members = [GOOD, *(member(f"f{number}") for number in range(10))]
    with pytest.raises(BuildFailed, match="more than 10 files"):
        bench.build_members(members, limits=BuildLimits(source_files=10))


def test_it_refuses_too_many_bytes(bench: Bench) -> None:
    with pytest.raises(BuildFailed, match="larger than 1 MiB unpacked"):
        bench.build_members([GOOD, member("big", bytes(2**20))], limits=BuildLimits(source_bytes=2**20))


def test_it_stops_at_a_bomb_before_it_fills_the_disk(bench: Bench) -> None:
    bomb = member("bomb", bytes(64 * 2**20))
    with pytest.raises(BuildFailed, match="larger than 1 MiB unpacked"):
        bench.build_members([bomb], limits=BuildLimits(source_bytes=2**20))
    used = sum(path.stat().st_size for path in (bench.folder / "workspace1").rglob("*") if path.is_file())
    assert used <= 2**20


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_it_stops_at_a_bomb_in_a_header_before_it_fills_memory(bench: Bench, kind: bytes) -> None:
    header = member("bomb", bytes(64 * 2**20), type=kind)
    tracemalloc.start()
    with pytest.raises(BuildFailed, match="header in the source is too large"):
        bench.build_members([header, GOOD])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20


@pytest.mark.parametrize("content", [b"", b"not an archive", b"\x1f\x8b\x08\x00broken", b"PK\x03\x04zip"])
def test_it_refuses_what_is_no_archive(bench: Bench, content: bytes) -> None:
    path = bench.folder / "odd.tar.gz"
    path.write_bytes(content)
    with pytest.raises(BuildFailed, match=r"not a readable \.tar\.gz"):
        bench.build_archive(path)


def test_it_refuses_an_archive_that_was_cut_short(bench: Bench, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "cut.tar.gz", [GOOD, member("more", bytes(range(256)) * 1000)])
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BuildFailed, match=r"not a readable \.tar\.gz"):
        bench.build_archive(path)
