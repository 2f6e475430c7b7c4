"""The measured figures beside their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Row(NamedTuple):
    """One figure, which must not exceed its bound.

    Attributes:
        work: what was measured.
        measured: the figure.
        bound: what it may be at most.
        unit: of both; `×` is a ratio.
        note: what the figure is made of.
    """

    work: str
    measured: float
    bound: float
    unit: str
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the bound holds."""
        return self.measured <= self.bound


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table that is readable as it is."""
    cells = [("work", "measured", "bound", "ok?", "from")]
    cells += [
        (row.work, _figure(row.measured, row.unit), f"≤ {row.bound:g} {row.unit}", "yes" if row.ok else "NO", row.note)
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def _figure(value: float, unit: str) -> str:
    return f"{value:.2f} {unit}" if unit in ("×", "s", "ms") else f"{value:.0f} {unit}"
