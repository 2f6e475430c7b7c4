"""Finds the models in the background, then reads the headers of those whose parameters are not known."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from textual.message import Message

from core.checkpoint.errors import CheckpointError
from core.count.counter import Count, count_stepwise
from core.locate.catalog import Entry, entries
from core.locate.location import locate
from core.readers.open_checkpoint import open_reader
from tui.messages import ModelCounted, ModelsFound
from tui.picker.rows import STUDY

_SECONDS_BETWEEN = 0.1
_MAX_COUNTED_MODELS = 200


class Search:
    """One search after another; each ends at the next folder or batch once it is not wanted any more.

    Attributes:
        number: of the search that is wanted.
    """

    def __init__(self, post: Callable[[Message], object]) -> None:
        """
        Args:
            post: takes a message, in any thread.
        """
        self._post = post
        self.number = 0

    def cancel(self) -> None:
        """Ends the present search."""
        self.number += 1

    def begin(self) -> int:
        """The number of a search that is to run now; the one before ends."""
        self.number += 1
        return self.number

    def run(self, number: int, counted: Collection[tuple[str, float | None]]) -> None:
        """Searches; in a thread.

        Args:
            number: what `begin` gave.
            counted: the models that were counted before, with the time of their last change.
        """

        def cancelled() -> bool:
            return self.number != number

        unknown = self._find(number, cancelled)
        for entry in [entry for entry in unknown if (entry.model, entry.changed) not in counted][:_MAX_COUNTED_MODELS]:
            parameters = _parameters_of(entry.model, cancelled)
            if cancelled():
                return
            self._post(ModelCounted(entry, parameters))

    def _find(self, number: int, cancelled: Callable[[], bool]) -> list[Entry]:
        """Tells all models as they are found.

        Returns:
            Those whose parameters are not known.
        """
        batch: list[Entry] = []
        unknown: list[Entry] = []
        told, last = False, time.monotonic()
        for entry in entries(".", cancelled):
            if not told and entry.source != "built-in":
                batch.append(STUDY)
                # What is built in is shown at once.
                told, last = True, 0.0
            batch.append(entry)
            if entry.parameters is None:
                unknown.append(entry)
            if time.monotonic() - last > _SECONDS_BETWEEN:
                self._post(ModelsFound(number, batch, False))
                batch, last = [], time.monotonic()
        if not cancelled():
            self._post(ModelsFound(number, batch if told else [*batch, STUDY], True))
        return unknown


def _parameters_of(model: str, cancelled: Callable[[], bool]) -> int | None:
    try:
        # A list asks nothing of the hub.
        reader = open_reader(locate(model).replaced(ask="never"))
        for step in count_stepwise(reader, cancelled, keep_tensors=False):
            if isinstance(step, Count):
                return step.totals.parameters
    except CheckpointError:
        pass
    return None
