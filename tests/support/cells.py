"""What the cells of a screen show: marks, colours, and how far a bar goes in eighths of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.color import Color
from textual.screen import Screen

from core.classify.category import CATEGORIES

RIGHTWARDS = " ▏▎▍▌▋▊▉█"
UPWARDS = " ▁▂▃▄▅▆▇█"
EIGHTHS = 8

RGB = tuple[int, int, int]


class Cell(NamedTuple):
    """A character, its colour and its ground's; None for a colour that is no category's and no grey of biases."""

    text: str
    front: str | None
    ground: str | None


def cells_of(screen: Screen[object]) -> list[list[Cell]]:
    """The cells of a screen, row by row; categories stand for their colours on a dark ground."""
    names = {shown.color: key for key, shown in CATEGORIES.items()} | {(150, 150, 150): "biases"}
    rows = []
    for strip in screen._compositor.render_strips():
        row: list[Cell] = []
        for segment in strip:
            style = segment.style
            front, ground = (
                (names.get(_rgb(color)) for color in (style.color, style.bgcolor)) if style else (None, None)
            )
            row += [Cell(text, front, ground) for text in segment.text]
        rows.append(row)
    return rows


def _rgb(color: Color | None) -> RGB:
    if color is None or color.triplet is None:
        return (-1, -1, -1)
    return (color.triplet.red, color.triplet.green, color.triplet.blue)


def text_of_row(row: Sequence[Cell]) -> str:
    return "".join(cell.text for cell in row)


def eighths(cells: Sequence[Cell], marks: str = RIGHTWARDS) -> list[str | None]:
    """What each eighth of some cells shows, from the start of the bar: a category, or None for the ground."""
    shown: list[str | None] = []
    for cell in cells:
        filled = marks.index(cell.text) if cell.text in marks else 0
        shown += [cell.front] * filled + [cell.ground] * (EIGHTHS - filled)
    return shown


class Extent(NamedTuple):
    """Where a part of a bar begins and ends, in cells from the bar's start."""

    start: float
    end: float


def extents(shown: Sequence[str | None]) -> dict[str, Extent]:
    """The parts of a bar, by their categories."""
    found: dict[str, Extent] = {}
    for at, key in enumerate(shown):
        if key:
            start = found[key].start if key in found else at / EIGHTHS
            found[key] = Extent(start, (at + 1) / EIGHTHS)
    return found


def dots(mark: str) -> set[tuple[int, int]]:
    """The dots of a braille character: column from the left, row from below."""
    bits = ((0x40, 0x80), (0x04, 0x20), (0x02, 0x10), (0x01, 0x08))
    code = ord(mark) - 0x2800
    return {(x, y) for y, row in enumerate(bits) for x, bit in enumerate(row) if 0 <= code < 256 and code & bit}
