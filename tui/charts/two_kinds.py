"""Bars of two kinds of parameters: weights in their category's colour, then biases in grey."""

from __future__ import annotations

from tui.charts.chart import DIM, Canvas
from tui.charts.marks import EIGHTHS, RIGHTWARDS, length_of, stack
from tui.palette import RGB, Palette


def draw_two_kinds(
    canvas: Canvas, place: tuple[int, int], room: int, category: str, held: tuple[int, int], *, part: float = 1.0
) -> int:
    """A bar of weights and biases, in which what there is of either is seen.

    Args:
        canvas: where to.
        place: column and row of the bar's first cell.
        room: cells of the longest bar there could be.
        category: whose parameters they are.
        held: weights and biases.
        part: how much of the room the bar fills, 0 to 1.

    Returns:
        Its cells.
    """
    weights, biases = held
    if not weights + biases or room < 1:
        return 0
    palette = canvas.palette
    unit = 1 if palette.ascii or palette.monochrome else EIGHTHS
    length = max(1, round(part * room)) if unit == 1 else length_of(part, 1, room)
    end = length - round(length * biases / (weights + biases))
    # Of a bar that has room for both, neither is lost.
    end = min(max(end, 1 if weights else 0), length - 1 if biases and length > 1 else length)
    colors = [palette.rgb(category), bias_color(palette)]
    column, row = place
    if unit == 1:
        for cell in range(length):
            kind = 0 if cell < end else 1
            canvas.mark((palette.block, bias_mark(palette))[kind], column + cell, row, colors[kind])
        return length
    pieces = stack([end, length - end], room * unit, room)
    for at, piece in enumerate(pieces, column):
        behind = None if piece.behind is None else colors[piece.behind]
        canvas.mark(RIGHTWARDS[piece.eighths], at, row, colors[piece.front], behind)
    return len(pieces)


def bias_mark(palette: Palette) -> str:
    """What the biases' part of a bar is made of."""
    if palette.ascii:
        return "."
    return "░" if palette.monochrome else "█"


def bias_color(palette: Palette) -> RGB:
    """The grey of biases."""
    return (105, 105, 105) if palette.light else (150, 150, 150)


def kinds_legend(canvas: Canvas, place: tuple[int, int], room: int) -> None:
    """Tells the parts of a bar above it: weights at its beginning, biases at its end."""
    column, row = place
    if room >= len("weights biases"):
        canvas.words("weights", column, row, DIM)
        canvas.words("biases", column + room - len("biases"), row, DIM)
