"""AGORA_HOME: its lock, its secrets, and what is said when it cannot be used."""

import multiprocessing
import shutil
import stat
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from marketplace.cli import home as home_module
from marketplace.cli.home import Home, StartRefused
from tests.platform import make_home


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short."""
    made = make_home()
    yield made
    shutil.rmtree(made)


def open_home(monkeypatch: pytest.MonkeyPatch, path: Path) -> Home:
    monkeypatch.setenv("AGORA_HOME", str(path))
    return Home.from_environment()


def hold_lock(path: Path, held: Event) -> None:
    with Home(path).lock("http://127.0.0.1:1"):
        held.set()
        time.sleep(60)


def test_the_secret_key_is_made_once_and_kept_private(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    home = open_home(monkeypatch, folder)
    key = home.secret_key.read_text()
    assert len(key) >= 50
    assert stat.S_IMODE(home.secret_key.stat().st_mode) == 0o600
    assert home.secret_key.read_text() == key


def test_a_lock_names_its_holder_and_ends_with_it(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    home = open_home(monkeypatch, folder)
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=hold_lock, args=(home.path, held))
    holder.start()
    assert held.wait(20)
    with pytest.raises(StartRefused, match=f"as process {holder.pid}, at http://127.0.0.1:1"), home.lock("x"):
        pass
    holder.kill()
    holder.join()
    with home.lock("x"):
        pass


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    home = open_home(monkeypatch, folder)
    monkeypatch.setattr(home_module, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(StartRefused, match=r"^No space left: .* MiB free and Agora needs .* on another disk\.$"):
        home.check_space()


def test_a_home_that_cannot_be_made_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StartRefused, match="Set AGORA_HOME to a folder of your own"):
        open_home(monkeypatch, Path("/proc/nothing/here"))


def test_a_long_path_gets_a_short_name(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    long = folder / ("long" * 20)
    home = open_home(monkeypatch, long)
    try:
        assert len(str(home.path)) < home_module.LONGEST_HOME
        assert home.path.resolve() == long
        assert open_home(monkeypatch, long) == home
    finally:
        home.path.unlink()


def test_a_short_name_that_leads_elsewhere_is_not_followed(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    long = folder / ("long" * 20)
    home = open_home(monkeypatch, long)
    home.path.unlink()
    home.path.symlink_to("/etc")
    try:
        with pytest.raises(StartRefused, match="is in the way"):
            open_home(monkeypatch, long)
    finally:
        home.path.unlink()
