"""However many loads are begun, two run at once, and of those that wait the newest alone."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from tests.support.screen import PATIENCE
from tui.load_slot import MAX_THREADS, LoadSlot


class Works:
    """Loads that end when they are let."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.threads: set[int] = set()
        self._gate = threading.Semaphore(0)
        self._changed = threading.Condition()

    def work(self, number: int) -> None:
        with self._changed:
            self.begun.append(number)
            self.threads.add(threading.get_ident())
            self._changed.notify_all()
        assert self._gate.acquire(timeout=60)

    def let(self, works: int) -> None:
        self._gate.release(works)

    def wait_for(self, *numbers: int) -> None:
        """Waits until these have begun, in any order."""
        with self._changed:
            assert self._changed.wait_for(lambda: sorted(self.begun) == sorted(numbers), PATIENCE), self.begun


def test_a_storm_of_loads_runs_the_first_two_and_the_last() -> None:
    works, slot = Works(), LoadSlot()
    slot.start(lambda: works.work(0), "load-0")
    works.wait_for(0)
    slot.start(lambda: works.work(1), "load-1")
    works.wait_for(0, 1)
    for number in range(2, 200):
        slot.start(partial(works.work, number), f"load-{number}")
    works.wait_for(0, 1)
    works.let(1)
    works.wait_for(0, 1, 199)
    works.let(2)
    assert len(works.threads) == MAX_THREADS


def test_a_slot_that_is_free_again_starts_the_next_at_once() -> None:
    works, slot = Works(), LoadSlot()
    works.let(100)
    for number in range(20):
        slot.start(partial(works.work, number), f"load-{number}")
        works.wait_for(*range(number + 1))


def test_no_thread_to_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    slot = LoadSlot()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refused)
        with pytest.raises(RuntimeError, match="can't start"):
            slot.start(lambda: None, "load-0")
    done = threading.Event()
    slot.start(done.set, "load-1")
    assert done.wait(PATIENCE)
