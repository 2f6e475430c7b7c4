"""Where the loads of one model run: a cancelled one may still be ending while the next begins, and no more."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, Thread

MAX_THREADS = 2
"""The newest load, and one that was cancelled and has not come to its next batch."""


class LoadSlot:
    """Runs loads in the background, two at once at most; of those that wait for one to end the newest alone."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._threads = 0
        self._waiting: Callable[[], None] | None = None

    def start(self, work: Callable[[], None], name: str) -> None:
        """Runs a load in a thread, at once or when one has ended.

        Args:
            work: the load; in place of one that waits.
            name: of the thread.

        Raises:
            RuntimeError: where the system gives no thread and none is there that would run it.
        """
        with self._lock:
            self._waiting = work
            if self._threads == MAX_THREADS:
                return
            self._threads += 1
        try:
            # A daemon: who quits does not wait for a header of 100 MB.
            Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError:
            with self._lock:
                self._threads -= 1
                if self._threads:
                    return
            raise

    def _run(self) -> None:
        work = self._take()
        while work:
            work()
            work = self._take()

    def _take(self) -> Callable[[], None] | None:
        with self._lock:
            work, self._waiting = self._waiting, None
            if not work:
                self._threads -= 1
            return work
