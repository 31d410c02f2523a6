"""The publishing of the examples: who presses Ctrl-C meanwhile does not wait for it."""

import threading
from pathlib import Path

import pytest

from marketplace.cli import examples
from marketplace.cli.credentials import Credentials
from marketplace.cli.home import Home

CREDENTIALS = Credentials(address="http://127.0.0.1:1", key="none")


def test_an_interrupt_waits_for_no_publishing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, started, others = threading.Event(), [], {*threading.enumerate()}

    def publish(folder: Path, _: Credentials) -> tuple[str, float]:
        started.append(folder.name)
        assert folder.name == "first" or ended.wait(60)
        return folder.name, 0.0

    def interrupt(_reference: str, _seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(examples, "_publish", publish)
    folders = [tmp_path / "first", *(tmp_path / str(number) for number in range(20))]
    with pytest.raises(KeyboardInterrupt):
        examples.publish_examples(Home(tmp_path), folders, CREDENTIALS, interrupt)
    ended.set()
    for thread in {*threading.enumerate()} - others:
        thread.join()
    assert len(started) <= 1 + examples.AT_ONCE, "none begins after it"
    assert not (tmp_path / "examples.stamp").exists()
