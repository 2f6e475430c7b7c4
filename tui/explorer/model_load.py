"""A model that is read while a screen shows it: its load, and all that is known of it so far."""

from __future__ import annotations

from typing import Protocol

from textual.message import Message

from core.count.counter import Count
from core.count.totals import Totals
from core.count.tree import ModuleNode
from core.text.numbers import plural
from tui.keys.app import PICK
from tui.keys.explorer import BACK, RELOAD
from tui.load import Load
from tui.messages import LoadBroke, LoadCounted, LoadDone, LoadFailed, LoadMessage, LoadProgress, ModelProfiled

_LONG_COUNT = 20_000
"""Tensors from which building the tree takes long enough to be told of."""


class LoadView(Protocol):
    """Who shows a load."""

    def post_message(self, message: Message) -> bool:
        """Has a message of the load handed to `ModelLoad.take`, in the screen's own thread."""
        ...

    def load_begun(self) -> None:
        """A load began: nothing is known of the model yet."""
        ...

    def load_grown(self) -> None:
        """More totals are known."""
        ...

    def load_counted(self) -> None:
        """All totals are known, the tree is not."""
        ...

    def load_done(self) -> None:
        """The tree is known."""
        ...

    def load_failed(self, sentence: str) -> None:
        """The model could not be read, and why."""
        ...

    def say(self, text: str) -> None:
        """How it goes."""
        ...


class ModelLoad:
    """Drives the load of one model after the other, and holds what came of the present one.

    Attributes:
        load: the present one.
        under_way: whether it is still wanted and not over.
        count: the model, once all is counted.
        root: its tree, once that is built.
        totals: its totals, as far as they are known.
    """

    def __init__(self, load: Load, view: LoadView) -> None:
        """
        Args:
            load: the first model, already being read.
            view: who shows it.
        """
        self.load = load
        self.under_way = False
        self.count: Count | None = None
        self.root: ModuleNode | None = None
        self.totals = Totals()
        self._view = view

    @property
    def model(self) -> str:
        """As the user named it."""
        return self.load.model

    def open(self, model: str, again: bool = False) -> None:
        """Reads another model, or the same again."""
        self.load = self.load.next(model, self.load.load_id + 1, again)
        self.begin()

    def begin(self) -> None:
        """Takes what the load has to say, from the first picture on."""
        self.under_way = True
        self.root, self.count, self.totals = None, None, Totals()
        self._view.load_begun()
        self.load.deliver(self.take, self._view.post_message)

    def cancel(self) -> None:
        """Ends the load; what was read so far is kept."""
        self.under_way = False
        self.load.cancel()
        self._view.say(f"cancelled; {RELOAD.key} reads the model again, {PICK.key} picks another")

    def profile(self) -> None:
        """Works out all that the page on a category tells, and posts it; may run in any thread."""
        from core.profile.profile import ModelProfile

        count, load_id = self.count, self.load.load_id
        if count:
            self._view.post_message(ModelProfiled(load_id, ModelProfile(count)))

    def take(self, message: Message) -> None:
        """Takes in what a load says; an older one's is dropped.

        Messages are told apart here and not by handlers, so that those which waited since before the first picture are
        in it.
        """
        if not isinstance(message, LoadMessage) or message.load_id != self.load.load_id or not self.under_way:
            return
        if isinstance(message, LoadProgress):
            self._progress(message)
        elif isinstance(message, LoadCounted):
            self._counted(message)
        elif isinstance(message, LoadDone):
            self.under_way = False
            self.root, self.count = message.root, message.count
            self._view.load_done()
        elif isinstance(message, LoadFailed):
            self.under_way = False
            self._view.load_failed(message.sentence)
        elif isinstance(message, LoadBroke):
            raise message.error

    def _progress(self, message: LoadProgress) -> None:
        snapshot = message.snapshot
        done = snapshot.progress
        if done.doing and not snapshot.tensor_count:
            self._view.say(f"{done.doing}…  {BACK.key} cancels")
            return
        self.totals = snapshot.totals
        shards = f"{done.shards_done} of {plural(done.shards_total, 'shard')}, " if done.shards_total > 1 else ""
        self._view.say(f"reading… {shards}{plural(snapshot.tensor_count, 'tensor')}  {BACK.key} cancels")
        self._view.load_grown()

    def _counted(self, message: LoadCounted) -> None:
        self.count = message.count
        self.totals = message.count.totals
        self._view.load_counted()
        if message.count.stored_count > _LONG_COUNT:
            self._view.say("building the tree…")
