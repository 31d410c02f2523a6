"""How `agora up` hears that it shall stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from marketplace.cli.home import Home
from marketplace.cli.progress import Progress
from marketplace.cli.up import STOPPING, _stop_signals_as_interrupts, _watch


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of before come back."""
    before = {number: signal.getsignal(number) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPPING)
def test_a_stop_that_somebody_swallowed_is_not_lost(number: signal.Signals, tmp_path: Path) -> None:
    with _stop_signals_as_interrupts() as asked_to_stop:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            _watch(Home(tmp_path), Progress(), asked_to_stop)


def test_nobody_has_asked_at_first() -> None:
    with _stop_signals_as_interrupts() as asked_to_stop:
        assert isinstance(asked_to_stop, threading.Event)
        assert not asked_to_stop.is_set()
