from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.screen import SlowReaders


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen as it is where nobody asked for anything else."""
    for variable in ("NO_COLOR", "FORCE_COLOR", "TEXTUAL_THEME", "TEXTUAL_ANIMATIONS", "COLUMNS", "LINES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


@pytest.fixture
def slow_readers(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowReaders]:
    """Loads read what a test lets them read, and tell each batch."""
    readers = SlowReaders()
    monkeypatch.setattr("tui.load.open_reader", readers.open)
    monkeypatch.setattr("core.count.counter.SNAPSHOT_SECONDS", 0.0)
    yield readers
    readers.end()
