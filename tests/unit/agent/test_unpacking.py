"""Artifacts that no build has made."""

import io
import tarfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from execution.agent.unpacking import unpack
from execution.builds.artifact import pack_artifact
from execution.builds.base import BuildLimits
from execution.errors import ArtifactDamaged

Member = tuple[tarfile.TarInfo, bytes]


def file(name: str, content: bytes = b"x", mode: int = 0o644) -> Member:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), mode
    return member, content


def special(name: str, kind: bytes, target: str = "") -> Member:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def pack(members: Sequence[Member]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def unpack_bytes(content: bytes, folder: Path, digest: str = "") -> int:
    return unpack(io.BytesIO(content), digest or sha256(content).hexdigest(), folder)


def test_what_a_build_packed_comes_out_the_same(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "src" / "empty").mkdir(parents=True)
    (tree / "src" / "a.py").write_text("x = 1\n")
    (tree / "run.sh").write_text("#!/bin/sh\n")
    (tree / "run.sh").chmod(0o700)
    (tree / "src" / "link.py").symlink_to("a.py")
    (tree / ("long" * 40)).mkdir()
    (tree / ("long" * 40) / ("name" * 40)).write_bytes(bytes(3 << 20))
    built = pack_artifact(tree, tmp_path / "artifact.tar", BuildLimits())
    out = tmp_path / "out"
    with built.path.open("rb") as stream:
        size = unpack(stream, built.digest, out)
    assert size == (3 << 20) + 6 + 10
    assert {p.relative_to(out) for p in out.rglob("*")} == {p.relative_to(tree) for p in tree.rglob("*")}
    assert (out / "src" / "link.py").readlink() == Path("a.py")
    modes = {p.name: p.stat().st_mode & 0o7777 for p in (out, out / "src", out / "src" / "a.py", out / "run.sh")}
    assert modes == {"out": 0o755, "src": 0o755, "a.py": 0o644, "run.sh": 0o755}


@pytest.mark.parametrize(
    "members",
    [
        pytest.param([file("/etc/evil")], id="absolute"),
        pytest.param([file("../evil")], id="upwards"),
        pytest.param([file("a/../../evil")], id="upwards inside"),
        pytest.param([file("a//evil")], id="empty part"),
        pytest.param([file("..")], id="the folder above"),
        pytest.param([special("a", tarfile.SYMTYPE, "/etc/passwd")], id="link to an absolute place"),
        pytest.param([special("a", tarfile.SYMTYPE, "../evil")], id="link upwards"),
        pytest.param([special("a/b", tarfile.SYMTYPE, "../../evil")], id="link upwards from a folder"),
        pytest.param([special("a", tarfile.SYMTYPE, ".."), file("a/evil")], id="link to the folder above"),
        pytest.param([special("a", tarfile.SYMTYPE, "b"), file("a/evil")], id="file through a link"),
        pytest.param([special("a", tarfile.SYMTYPE, "b"), special("a", tarfile.DIRTYPE)], id="folder over a link"),
        pytest.param([special("a", tarfile.SYMTYPE, "b"), file("a")], id="file over a link"),
        pytest.param([file("a"), file("a/b")], id="file as a folder"),
        pytest.param([file("a"), file("a")], id="twice"),
        pytest.param([special("a", tarfile.LNKTYPE, "/etc/passwd")], id="hard link"),
        pytest.param([special("a", tarfile.CHRTYPE)], id="device"),
        pytest.param([special("a", tarfile.FIFOTYPE)], id="pipe"),
    ],
)
def test_what_leads_out_or_is_no_file_is_refused(tmp_path: Path, members: list[Member]) -> None:
    with pytest.raises(ArtifactDamaged):
        unpack_bytes(pack(members), tmp_path / "box" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["box"]
    assert [path.name for path in (tmp_path / "box").iterdir()] == ["out"]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no tar at all" * 100, id="something else"),
        pytest.param(pack([file("a", bytes(5000))])[:3000], id="cut short"),
        pytest.param(b"\0" * 512 + pack([file("a")]), id="an end before the beginning"),
    ],
)
def test_what_is_no_whole_tar_is_refused_or_empty(tmp_path: Path, content: bytes) -> None:
    try:
        assert unpack_bytes(content, tmp_path / "out") == 0
    except ArtifactDamaged:
        return
    assert list((tmp_path / "out").iterdir()) == []


def test_content_that_is_not_what_the_digest_says(tmp_path: Path) -> None:
    content = pack([file("a")])
    with pytest.raises(ArtifactDamaged, match="has the content of"):
        unpack_bytes(content, tmp_path / "out", digest="0" * 64)


def test_what_follows_the_tar_counts_for_the_digest(tmp_path: Path) -> None:
    content = pack([file("a")])
    digest = sha256(content).hexdigest()
    with pytest.raises(ArtifactDamaged):
        unpack_bytes(content + bytes(1 << 21), tmp_path / "out", digest=digest)


def test_special_bits_are_dropped(tmp_path: Path) -> None:
    unpack_bytes(pack([file("a", mode=0o6777)]), tmp_path / "out")
    assert (tmp_path / "out" / "a").stat().st_mode & 0o7777 == 0o755
