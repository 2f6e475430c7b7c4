"""Stacked bars of categories in cells, in colours and without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tui.charts.marks import RIGHTWARDS, UPWARDS, length_of, stack, whole_cells
from tui.palette import Palette


class StackCell(NamedTuple):
    """One cell of a stacked bar.

    Attributes:
        mark: what stands in it.
        front: the category that the mark is of.
        behind: the category of its ground; "" where that is none's.
    """

    mark: str
    front: str
    behind: str = ""


def ranks_of(categories: Iterable[str]) -> dict[str, int]:
    """Categories by their order, by which they are told apart without colours: neighbours in it never look alike."""
    return {key: rank for rank, key in enumerate(categories)}


def stack_cells(
    parts: Sequence[tuple[str, float]],
    whole: float,
    room: int,
    palette: Palette,
    ranks: dict[str, int],
    *,
    upright: bool = False,
) -> list[StackCell]:
    """The cells of a stacked bar from its start: in eighths with colours, in whole cells without.

    Args:
        parts: categories, and what each part stands for, in the stack's order.
        whole: the value of a bar that fills the room.
        room: in cells.
        palette: how things are drawn.
        ranks: of the categories, by which they are told apart without colours; none where that is not needed.
        upright: whether the stack grows from below and not from the left.
    """
    parts = [part for part in parts if part[1] > 0]
    if not parts or room < 1:
        return []
    keys, values = [key for key, _ in parts], [value for _, value in parts]
    marks = UPWARDS if upright else RIGHTWARDS
    if palette.ascii or (palette.monochrome and ranks):
        cells = whole_cells(values, whole, room)
        if cells:
            return [
                StackCell(palette.marker(keys[n], ranks[keys[n]]) if ranks else palette.block, keys[n]) for n in cells
            ]
        largest = keys[values.index(max(values))]
        return [StackCell("." if palette.ascii else marks[length_of(sum(values), whole, room)], largest)]
    pieces = stack(values, whole, room)
    return [
        StackCell(marks[piece.eighths], keys[piece.front], "" if piece.behind is None else keys[piece.behind])
        for piece in pieces
    ]
