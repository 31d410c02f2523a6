"""Where commands find the platform and the key."""

from pathlib import Path

import click
import pytest

from marketplace.cli.credentials import Credentials, config_path, load_credentials, store_credentials

KEPT = Credentials(address="http://kept:1", key="simkept")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's settings but this test's."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("AGORA_ADDRESS", "AGORA_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_what_was_stored_is_loaded_and_only_its_owner_reads_it() -> None:
    path = store_credentials(KEPT)
    assert load_credentials() == KEPT
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


def test_storing_again_replaces_and_closes_what_was_open(home: Path) -> None:
    store_credentials(KEPT)
    config_path().chmod(0o644)
    store_credentials(Credentials(address='http://"quoted"', key="simnew\\"))
    assert load_credentials() == Credentials(address='http://"quoted"', key="simnew\\")
    assert config_path().stat().st_mode & 0o777 == 0o600


def test_variables_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    store_credentials(KEPT)
    monkeypatch.setenv("AGORA_API_KEY", "simother")
    assert load_credentials() == Credentials(address=KEPT.address, key="simother")
    monkeypatch.setenv("AGORA_ADDRESS", "http://other:2/")
    assert load_credentials().address == "http://other:2"


def test_without_a_key_it_says_what_to_do() -> None:
    with pytest.raises(click.ClickException, match=r"agora login --key KEY.*AGORA_API_KEY"):
        load_credentials()


def test_a_key_alone_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGORA_API_KEY", "simx")
    assert load_credentials().address == "http://127.0.0.1:8000"


@pytest.mark.parametrize("content", [b"key = ", b"\xff", b"[key]\nx = 1\n"])
def test_a_damaged_file_is_no_stack_trace(content: bytes) -> None:
    config_path().parent.mkdir()
    config_path().write_bytes(content)
    with pytest.raises(click.ClickException, match="agora login"):
        load_credentials()


def test_a_folder_that_cannot_be_written_is_no_stack_trace(home: Path) -> None:
    (home / "agora").write_text("a file is in the way")
    with pytest.raises(click.ClickException, match="cannot be written"):
        store_credentials(KEPT)
