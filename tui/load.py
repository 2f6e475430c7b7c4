"""One load: a thread that counts a model and builds its tree, and posts how it goes."""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

from textual.message import Message

from core.checkpoint.errors import CheckpointError
from core.checkpoint.source import Stopped
from core.classify.user_rules import Rules
from core.count.counter import Count, count_stepwise
from core.count.tree import build_tree
from core.locate.location import locate
from core.readers.open_checkpoint import open_reader
from tui.exhausted import exhausted
from tui.load_slot import LoadSlot
from tui.messages import LoadBroke, LoadCounted, LoadDone, LoadFailed, LoadProgress

Post = Callable[[Message], object]
AnyLoad = TypeVar("AnyLoad", bound="Load")

_NO_THREAD = "the system gives this program no thread to read it in; raise the limit of processes (ulimit -u)"


class Cancelled(Exception):
    """The load is not wanted any more."""


class Load:
    """Reads one model in the background, beginning at once; its messages wait until somebody takes them.

    So a load can begin while the screen is still being set up, and a small model is there in the first picture.
    """

    def __init__(
        self,
        model: str,
        load_id: int,
        rules: Rules | None = None,
        *,
        again: bool = False,
        slot: LoadSlot | None = None,
    ) -> None:
        """
        Args:
            model: as the user names it.
            load_id: put into every message, so that those of older loads can be told.
            rules: what is asked before the built-in rules.
            again: whether the hub is to be asked, where it was asked a while ago.
            slot: where the loads before it ran; None where it is the first.
        """
        self.rules = rules
        self._slot = slot or LoadSlot()
        self.model = model
        self.load_id = load_id
        self._ask = "always" if again else "due"
        self._cancelled = False
        self._stop: Callable[[], None] | None = None
        self._waiting: list[Message] = []
        self._post: Post = self._waiting.append
        self._lock = Lock()
        try:
            self._slot.start(self._run, f"load-{load_id}")
        except RuntimeError:
            self._last_word(LoadFailed(load_id, _NO_THREAD))

    def next(self: AnyLoad, model: str, load_id: int, again: bool) -> AnyLoad:
        """The load of another model in place of this one, or of the same again; this one is cancelled."""
        self.cancel()
        return type(self)(model, load_id, self.rules, again=again, slot=self._slot)

    def deliver(self, now: Post, later: Post) -> None:
        """Gives the messages that wait to one function, here, and those to come to another.

        Args:
            now: takes a message in this thread.
            later: takes one from any thread.
        """
        with self._lock:
            for message in self._waiting:
                now(message)
            self._post = later

    def cancel(self) -> None:
        """Ends the work at the next batch, and waiting for a network at once; no message comes after that."""
        self._cancelled = True
        if self._stop:
            self._stop()

    def _check(self) -> None:
        if self._cancelled:
            raise Cancelled

    def _say(self, message: Message) -> None:
        self._check()
        with self._lock:
            self._post(message)

    def _run(self) -> None:
        if self._cancelled:
            return
        # What is made here has no cycles, and looking for some in a million nodes takes seconds again and again.
        gc.disable()
        try:
            reader = open_reader(locate(self.model).replaced(ask=self._ask))
            self._stop = getattr(reader, "stop", None)
            self._check()
            for step in count_stepwise(reader, lambda: self._cancelled, rules=self.rules):
                if not isinstance(step, Count):
                    self._say(LoadProgress(self.load_id, step))
                    continue
                self._finish(step)
        except (Cancelled, Stopped):
            pass
        except CheckpointError as error:
            self._last_word(LoadFailed(self.load_id, error.sentence(self.model)))
        except Exception as error:
            told = exhausted(error)
            self._last_word(LoadFailed(self.load_id, told) if told else LoadBroke(self.load_id, error))
        finally:
            gc.freeze()
            gc.enable()

    def _finish(self, count: Count) -> None:
        """Says what is known, and builds the tree."""
        self._say(LoadCounted(self.load_id, count))
        root = build_tree(count, self._check)
        # What the screen asks for at once is made here, so that it need not wait for it.
        root.totals()
        _ = count.submodels, count.unrecognised
        self._say(LoadDone(self.load_id, count, root))

    def _last_word(self, message: Message) -> None:
        with suppress(Cancelled):
            self._say(message)
