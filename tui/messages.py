"""What a load posts to the screen that began it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from core.count.counter import Count, Snapshot
from core.count.tree import ModuleNode
from core.locate.catalog import Entry

if TYPE_CHECKING:  # a single model is shown without it
    from core.profile.profile import ModelProfile


@dataclass
class LoadMessage(Message):
    """Of which load it is; a screen drops those of a load that it does not want any more."""

    load_id: int


@dataclass
class LoadProgress(LoadMessage):
    """Whole totals of what was read so far; a later one replaces one that still waits."""

    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LoadProgress) and message.load_id == self.load_id


@dataclass
class LoadCounted(LoadMessage):
    """All is counted; the tree is being built."""

    count: Count


@dataclass
class LoadDone(LoadMessage):
    """The tree is built."""

    count: Count
    root: ModuleNode


@dataclass
class ModelProfiled(LoadMessage):
    """All is counted, and the model's profile is worked out."""

    profile: ModelProfile


@dataclass
class LoadFailed(LoadMessage):
    """The model could not be read, and why."""

    sentence: str


@dataclass
class LoadBroke(LoadMessage):
    """A bug ended the load."""

    error: Exception


@dataclass
class ModelsFound(Message):
    """Some more models of the catalogue, of which search; `done` with the last of them."""

    search: int
    entries: list[Entry]
    done: bool


@dataclass
class ModelCounted(Message):
    """How many parameters one of the models found has; None where it cannot be read."""

    entry: Entry
    parameters: int | None
