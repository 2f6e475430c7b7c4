"""What a load posts to the screen that began it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from core.counter import Count, Snapshot
from core.tree import ModuleNode


@dataclass
class LoadProgress(Message):
    """Whole totals of what was read so far; a later one replaces one that still waits."""

    load_id: int
    snapshot: Snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, LoadProgress) and message.load_id == self.load_id


@dataclass
class LoadCounted(Message):
    """All is counted; the tree is being built."""

    load_id: int
    count: Count


@dataclass
class LoadDone(Message):
    """The tree is built."""

    load_id: int
    count: Count
    root: ModuleNode


@dataclass
class LoadFailed(Message):
    """The model could not be read, and why."""

    load_id: int
    sentence: str
