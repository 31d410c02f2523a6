"""What is packed, and that the same files always make the same archive."""

import os
import tarfile
from pathlib import Path

import click
import pytest

from marketplace.cli import packing
from marketplace.cli.packing import pack_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    return source


def write(folder: Path, **files: str) -> None:
    """Files by name, `__` standing for `/` and `_dot_` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def names(folder: Path) -> list[str]:
    packed = pack_folder(folder, folder.parent / "source.tar.gz")
    with tarfile.open(packed.path) as tar:
        found = tar.getnames()
    assert len(found) == packed.files
    return found


def test_it_packs_files_in_order_and_no_folders(folder: Path) -> None:
    write(folder, b="", a__c="", a__b_dot_py="")
    (folder / "empty").mkdir()
    assert names(folder) == ["a/b.py", "a/c", "b"]


def test_the_same_files_are_the_same_archive(folder: Path, tmp_path: Path) -> None:
    write(folder, a="1", b="2")
    first = pack_folder(folder, tmp_path / "1.tar.gz")
    os.utime(folder / "a", (1, 1))
    (folder / "b").chmod(0o600)
    second = pack_folder(folder, tmp_path / "2.tar.gz")
    assert first.source_hash == second.source_hash
    assert first.path.read_bytes() == second.path.read_bytes()
    write(folder, a="3")
    assert pack_folder(folder, tmp_path / "3.tar.gz").source_hash != first.source_hash


def test_it_keeps_what_may_be_run_and_forgets_whose_it_was(folder: Path) -> None:
    write(folder, tool="#!/bin/sh", text="x")
    (folder / "tool").chmod(0o700)
    names(folder)
    with tarfile.open(folder.parent / "source.tar.gz") as tar:
        members = {member.name: member for member in tar}
    assert (members["tool"].mode, members["text"].mode) == (0o755, 0o644)
    assert {(member.uid, member.gid, member.uname, member.mtime) for member in members.values()} == {(0, 0, "", 0)}


def test_it_leaves_out_what_tools_leave_behind(folder: Path) -> None:
    write(
        folder, keep_dot_py="", _dot_git__config="", node_modules__x__y="", a____pycache____z_dot_pyc="",
        _dot_venv__bin__python="", _dot_env="SECRET=1", a__b_dot_pyc="", _dot_DS_Store="",
    )  # fmt: skip
    assert names(folder) == ["keep.py"]


def test_it_obeys_ignore_files_the_nearest_last(folder: Path) -> None:
    write(
        folder,
        _dot_gitignore="*.bin\ndata/\n/root_only\n",
        _dot_agoraignore="!model.bin\nnotes.md\n",
        model_dot_bin="", other_dot_bin="", notes_dot_md="", data__x="", root_only="", sub__root_only="",
        sub___dot_gitignore="!kept.bin\n", sub__kept_dot_bin="", sub__lost_dot_bin="",
    )  # fmt: skip
    kept = ["model.bin", "sub/kept.bin", "sub/root_only"]
    assert [name for name in names(folder) if "ignore" not in name] == kept


def test_links_inside_are_kept_and_links_outside_refused(folder: Path) -> None:
    write(folder, a="1")
    (folder / "link").symlink_to("a")
    assert names(folder) == ["a", "link"]
    for target in ("/etc/passwd", "../secret", str(folder / "a")):
        (folder / "link").unlink()
        (folder / "link").symlink_to(target)
        with pytest.raises(click.ClickException, match="The link link leads out of the folder"):
            names(folder)


def test_a_link_to_a_folder_is_a_link(folder: Path) -> None:
    write(folder, a__b="1")
    (folder / "link").symlink_to("a")
    assert names(folder) == ["a/b", "link"]


def test_what_is_no_file_is_left_out(folder: Path) -> None:
    write(folder, a="1")
    os.mkfifo(folder / "pipe")
    assert names(folder) == ["a"]


def test_too_much_is_refused_before_it_is_sent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder, a="1" * 10, b="2")
    monkeypatch.setattr(packing, "MOST_FILES", 1)
    with pytest.raises(click.ClickException, match=r"2 files, and 1 may be published: name the rest in .agoraignore"):
        names(folder)
    monkeypatch.setattr(packing, "MOST_FILES", 10)
    monkeypatch.setattr(packing, "MOST_BYTES", 5)
    with pytest.raises(click.ClickException, match="may be published"):
        names(folder)


def test_names_need_not_be_ascii(folder: Path) -> None:
    write(folder)
    (folder / "größe ☃.txt").write_text("x")
    (folder / ("long" * 40)).write_text("x")
    assert sorted(names(folder)) == sorted(["größe ☃.txt", "long" * 40])
