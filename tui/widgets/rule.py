"""A titled rule: the head of a pane or of a block."""

from __future__ import annotations

from core.text.width import cells
from tui.palette import Palette


def rule(title: str, right: str, width: int, palette: Palette, mark: str = "") -> str:
    """`─ Types ─────────────── 5.26 bits a weight ─`, of exactly some columns; what has no room is left out.

    Args:
        title: at its left end; "" for none.
        right: at its right end, likewise.
        width: of the rule, in columns.
        palette: how things are drawn.
        mark: what it is made of; "" for the rule of a block.
    """
    line = mark or ("-" if palette.ascii else "─")
    left = f"{line} {palette.plain(title)} " if title else line
    end = f" {palette.plain(right)} {line}" if right else line
    if cells(left) + cells(end) > width:
        end = line
    if cells(left) + cells(end) > width:
        left = line
    return left + line * (width - cells(left) - cells(end)) + end
