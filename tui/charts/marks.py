"""Where the marks of a chart lie, to an eighth of a cell; nothing here knows the screen."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import NamedTuple

RIGHTWARDS = " ▏▎▍▌▋▊▉█"
"""What fills a cell from the left, by eighths."""
UPWARDS = " ▁▂▃▄▅▆▇█"
"""What fills a cell from below, by eighths."""
EIGHTHS = 8
_STEPS = (1.0, 2.0, 2.5, 5.0)
_DECADES = range(-12, 19)


class Axis(NamedTuple):
    """An axis from 0 to a round number.

    Attributes:
        top: the value at its end.
        ticks: values at even distances, from 0 to `top`.
    """

    top: float
    ticks: list[float]


def axis_to(largest: float, most_ticks: int) -> Axis:
    """The shortest axis with round ticks that reaches a value.

    Args:
        largest: the value, 0 or more.
        most_ticks: how many ticks there may be above 0; 1 at least.
    """
    for step in (step * 10.0**decade for decade in _DECADES for step in _STEPS):
        if largest <= step * most_ticks:
            count = max(1, ceil(largest / step - 1e-9))
            return Axis(step * count, [step * n for n in range(count + 1)])
    raise ValueError(f"no axis reaches {largest}")


class Piece(NamedTuple):
    """One cell of a stack, counted from its start.

    Attributes:
        eighths: how much of the cell the part in front fills, from the start of the stack on; 1 to 8.
        front: which part that is.
        behind: which part fills the rest; None where the stack ends in this cell, or the rest is none.
    """

    eighths: int
    front: int
    behind: int | None


def length_of(value: float, whole: float, cells: int) -> int:
    """The length of a bar in eighths of a cell: what is above nothing has one at least.

    Args:
        value: what it stands for.
        whole: the value of a bar of all cells.
        cells: how many there are.
    """
    eighths = round(value / whole * cells * EIGHTHS) if whole > 0 else 0
    return min(cells * EIGHTHS, max(eighths, 1 if value > 0 else 0))


def largest_remainder(parts: Sequence[float], units: int) -> list[int]:
    """So many units shared out among parts; the largest part has one wherever any has."""
    whole = sum(parts)
    exact = [part / whole * units for part in parts]
    held = [int(each) for each in exact]
    order = sorted(range(len(parts)), key=lambda n: (held[n] - exact[n], -parts[n]))
    for number in order[: units - sum(held)]:
        held[number] += 1
    largest = max(range(len(parts)), key=lambda n: parts[n])
    if units and not held[largest]:
        held[held.index(max(held))] -= 1
        held[largest] = 1
    return held


def stack(parts: Sequence[float], whole: float, cells: int) -> list[Piece]:
    """The cells of a stacked bar, from its start.

    Each border lies within an eighth of a cell of its value; where three parts meet in one cell, which shows two,
    within three eighths. The largest part is never lost: a stack shorter than a cell is all of it.

    Args:
        parts: their values, in the order of the stack.
        whole: the value of a bar of all cells.
        cells: how many there are.
    """
    total = length_of(sum(parts), whole, cells)
    if not total:
        return []
    largest = max(range(len(parts)), key=lambda n: parts[n])
    if total < EIGHTHS:
        return [Piece(total, largest, None)]
    ends = _ends(parts, total, largest)
    return [_piece(ends, total, cell * EIGHTHS, largest) for cell in range(ceil(total / EIGHTHS))]


def _ends(parts: Sequence[float], total: int, largest: int) -> list[int]:
    """Where each part of a stack ends, in eighths."""
    whole, below, ends = sum(parts), 0.0, []
    for part in parts:
        below += part
        ends.append(round(below / whole * total))
    if ends[largest] == (ends[largest - 1] if largest else 0):
        return list(accumulate(largest_remainder(parts, total)))
    return ends


def _piece(ends: Sequence[int], total: int, start: int, largest: int) -> Piece:
    """The cell that begins at an eighth: of more than two parts in it, those give way that are missed least."""
    sections: list[tuple[int | None, int]] = []
    at = start
    for part, end in enumerate(ends):
        upto = min(end, start + EIGHTHS)
        if upto > at:
            sections.append((part, upto - at))
            at = upto
    if at < start + EIGHTHS:
        sections.append((None, start + EIGHTHS - at))
    # The largest part could be lost only in the cell that has half of it or more.
    begun = ends[largest - 1] if largest else 0
    held = min(ends[largest], start + EIGHTHS) - max(begun, start)
    kept = largest if 2 * held >= ends[largest] - begun else None
    while len(sections) > 2:
        sections = _without_smallest(sections, kept)
    front, eighths = sections[0]
    assert front is not None, "a stack has no cell without any of it"
    behind = sections[1][0] if len(sections) > 1 else None
    return Piece(eighths, front, behind)


def _without_smallest(sections: list[tuple[int | None, int]], kept: int | None) -> list[tuple[int | None, int]]:
    """The sections of a cell but for that which moves the borders least; one part may have to be kept."""
    may_go = [n for n, (part, _) in enumerate(sections) if part is None or part != kept]

    def cost(number: int) -> tuple[int, bool]:
        """By how many eighths a border would move; the ground gives way before a part."""
        part, width = sections[number]
        inner = 0 < number < len(sections) - 1
        return (width + 1) // 2 if inner else width, part is not None

    gone = min(may_go, key=cost)
    width = sections[gone][1]
    before, after = (width + 1) // 2, width // 2
    if gone == 0:
        before, after = 0, width
    elif gone == len(sections) - 1:
        before, after = width, 0
    left = list(sections)
    if before:
        left[gone - 1] = (left[gone - 1][0], left[gone - 1][1] + before)
    if after:
        left[gone + 1] = (left[gone + 1][0], left[gone + 1][1] + after)
    del left[gone]
    return left


def whole_cells(parts: Sequence[float], whole: float, cells: int) -> list[int]:
    """The parts of a stack in whole cells, from its start, where no colours tell the halves of a cell apart.

    Args:
        parts: their values.
        whole: the value of a bar of all cells.
        cells: how many there are.

    Returns:
        Which part each cell is of; nothing where the stack is shorter than half a cell.
    """
    total = min(cells, round(sum(parts) / whole * cells)) if whole > 0 else 0
    if not total:
        return []
    return [part for part, held in enumerate(largest_remainder(parts, total)) for _ in range(held)]
