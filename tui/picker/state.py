"""What the picker keeps while another screen lies over it, and from one picker to the next."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.locate.catalog import Entry

ORDERS = ("natural", "name", "size", "date", "parameters")


@dataclass
class PickerState:
    """How the picker was left.

    Attributes:
        filter: what is typed.
        order: one of `ORDERS`.
        chosen: the model under the cursor.
        marked: the models marked, in the order that they were.
        entries: all models that were found last.
        counted: parameters by model and time of its last change; None where it cannot be read.
    """

    filter: str = ""
    order: str = ORDERS[0]
    chosen: str = ""
    marked: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    counted: dict[tuple[str, float | None], int | None] = field(default_factory=dict)

    def parameters_of(self, entry: Entry) -> int | None:
        """The parameters of a model, as far as they are known."""
        if entry.parameters is not None:
            return entry.parameters
        return self.counted.get((entry.model, entry.changed))

    def is_unreadable(self, entry: Entry) -> bool:
        """Whether a model was tried and cannot be read."""
        key = (entry.model, entry.changed)
        return key in self.counted and self.counted[key] is None

    def mark(self, model: str) -> None:
        """Marks a model, or takes its mark away."""
        if model in self.marked:
            self.marked.remove(model)
        else:
            self.marked.append(model)

    def next_order(self) -> None:
        """Sorts by the next of the orders."""
        self.order = ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)]
