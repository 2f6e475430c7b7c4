"""Which models the picker shows, and in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.locate.catalog import Entry
from core.locate.completion import is_typed_path
from core.text.matching import find
from core.text.order import natural_key
from tui.picker.state import ORDERS, PickerState

STUDY = Entry("The study: GPT-2 and nine claims", "study", None, None)
_AS_FOUND = {"built-in", "study"}
"""Sources whose models have an order of their own."""


def shown_entries(state: PickerState) -> list[Entry]:
    """The models that match what is typed; in natural order the best match comes first."""
    ordered = _ordered(state)
    if not state.filter.strip():
        return ordered
    # A path is meant as it is typed.
    loose = not is_typed_path(state.filter)
    found = find(state.filter, [entry.model for entry in ordered], loose)
    if state.order != ORDERS[0]:
        found.sort(key=lambda each: each.place)
    return [ordered[each.place] for each in found]


def _ordered(state: PickerState) -> list[Entry]:
    """All models, those of one place together in natural order, or sorted as asked."""
    sources = {source: n for n, source in enumerate(dict.fromkeys(entry.source for entry in state.entries))}

    def by_place(entry: Entry) -> tuple[int, Any]:
        return sources[entry.source], [] if entry.source in _AS_FOUND else natural_key(entry.model)

    keys: dict[str, Callable[[Entry], Any]] = {
        "natural": by_place,
        "name": lambda entry: natural_key(entry.model.rstrip("/").rpartition("/")[2].lower()),
        "size": lambda entry: -(entry.bytes or 0),
        "date": lambda entry: -(entry.changed or 0),
        "parameters": lambda entry: -(state.parameters_of(entry) or 0),
    }
    # Those that sort alike stay in natural order.
    return sorted(sorted(state.entries, key=by_place), key=keys[state.order])
